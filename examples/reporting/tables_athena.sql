-- Replace <bucket>, <prefix> and <export>: the folder `data` of one export. Its files are found as they are, gzip too.
CREATE EXTERNAL TABLE checkout_export (
  item STRUCT<
    PK: STRUCT<S: STRING>,
    SK: STRUCT<S: STRING>,
    status: STRUCT<S: STRING>,
    provider: STRUCT<S: STRING>,
    reason: STRUCT<S: STRING>,
    attempts: STRUCT<SS: ARRAY<STRING>>,
    cancelRequestedAt: STRUCT<S: STRING>,
    settledAt: STRUCT<S: STRING>,
    settledAfterCancel: STRUCT<BOOL: BOOLEAN>,
    cancellation: STRUCT<S: STRING>
  >
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'true')
LOCATION 's3://<bucket>/<prefix>/AWSDynamoDB/<export>/data/'
