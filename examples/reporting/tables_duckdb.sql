-- The export's files, which the variable `files` names: SET VARIABLE files = 'data/*.json.gz';
-- Only what the report needs is named, so that a newer release may add attributes.
CREATE VIEW checkout_export AS
SELECT Item AS item
FROM read_json(getvariable('files'), format = 'newline_delimited', columns = {
  Item: 'STRUCT(
    PK STRUCT(S VARCHAR),
    SK STRUCT(S VARCHAR),
    status STRUCT(S VARCHAR),
    provider STRUCT(S VARCHAR),
    reason STRUCT(S VARCHAR),
    attempts STRUCT(SS VARCHAR[]),
    cancelRequestedAt STRUCT(S VARCHAR),
    settledAt STRUCT(S VARCHAR),
    settledAfterCancel STRUCT(BOOL BOOLEAN),
    cancellation STRUCT(S VARCHAR)
  )'
});
-- Athena's names of what is called otherwise here.
CREATE MACRO array_join(list, separator) AS array_to_string(list, separator);
CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMP);
