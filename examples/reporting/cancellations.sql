-- What was cancelled, by reason, provider and outcome: one row each, the most frequent reasons first.
-- Runs as it is on Athena and on DuckDB, over the table checkout_export (tables_athena.sql, tables_duckdb.sql).
WITH sessions AS (
  SELECT
    item.PK.S AS session,
    from_iso8601_timestamp(item.cancelRequestedAt.S) AS requested_at,
    item.attempts.SS AS attempts,
    -- Free text: lower case, and one blank for any white space. The first 60 characters tell enough.
    substr(array_join(regexp_extract_all(lower(item.reason.S), '\S+'), ' '), 1, 60) AS reason
  FROM checkout_export
  WHERE item.SK.S = 'SESSION' AND item.cancelRequestedAt.S IS NOT NULL
),
payments AS (
  SELECT
    item.PK.S AS session,
    substr(item.SK.S, 13) AS payment, -- behind 'TRANSACTION#'
    item.provider.S AS provider,
    item.status.S AS status,
    from_iso8601_timestamp(item.settledAt.S) AS settled_at,
    coalesce(item.settledAfterCancel.BOOL, FALSE) AS flagged,
    coalesce(item.cancellation.S = 'PENDING', FALSE) AS awaited
  FROM checkout_export
  WHERE item.SK.S LIKE 'TRANSACTION#%'
),
-- An attempt that was refused, or was never attached, is no payment of its session.
cancellations AS (
  SELECT
    sessions.session,
    payments.payment,
    coalesce(nullif(sessions.reason, ''), '(none given)') AS reason,
    coalesce(payments.provider, '(no payment)') AS provider,
    CASE
      WHEN payments.payment IS NULL THEN 'nothing to cancel'
      -- The payer's money came although the session was being cancelled: somebody decides about a refund.
      WHEN flagged AND status IN ('SETTLED', 'REFUNDED', 'CANCELLED') THEN 'money arrived'
      WHEN status IN ('SETTLED', 'REFUNDED') AND settled_at IS NOT NULL
        AND (awaited OR settled_at > requested_at) THEN 'money arrived'
      WHEN flagged AND settled_at >= requested_at - INTERVAL '5' SECOND THEN 'money arrived'
      WHEN status = 'CANCELLED' THEN 'cancelled'
      WHEN status IN ('SETTLED', 'REFUNDED') THEN 'paid before'
      WHEN status IN ('FAILED', 'EXPIRED') THEN 'ended otherwise'
      ELSE 'still in flight'
    END AS outcome
  FROM sessions
  LEFT JOIN payments
    ON payments.session = sessions.session AND contains(sessions.attempts, payments.payment)
),
reasons AS (
  SELECT
    reason,
    row_number() OVER (ORDER BY count(DISTINCT session) DESC, reason) AS place
  FROM cancellations
  GROUP BY reason
)
SELECT
  CASE WHEN reasons.place <= 8 THEN reasons.reason ELSE '(other reasons)' END AS reason,
  provider,
  outcome,
  count(payment) AS payments,
  count(DISTINCT session) AS sessions
FROM cancellations
JOIN reasons ON reasons.reason = cancellations.reason
GROUP BY 1, 2, 3
ORDER BY min(least(reasons.place, 9)), provider, outcome
