-- SPDX-License-Identifier: Apache-2.0
-- Creates one ledger, version 1. Run this once, as the role that shall own the ledger:
--   psql -v ON_ERROR_STOP=1 -1 -v schema=indelible -v writer=... -v reader=... -v eraser=... -f ledger.sql
-- The three roles must exist. Nothing but this script creates or changes tables.

CREATE SCHEMA :"schema";
REVOKE ALL ON SCHEMA :"schema" FROM PUBLIC;

CREATE TABLE :"schema".indelible_schema (version INTEGER NOT NULL);
INSERT INTO :"schema".indelible_schema VALUES (1);

-- One row: the end of the chain and the extent of its tree. A writer updates it first in every
-- transaction, so writers wait for each other here.
CREATE TABLE :"schema".indelible_head (
  ledger UUID PRIMARY KEY,
  version BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  tree_size BIGINT NOT NULL,
  tree_sequence BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO :"schema".indelible_head
  VALUES (gen_random_uuid(), 0, 0, decode(repeat('00', 32), 'hex'), 0, 0);

-- Times and payloads are text, because they are hashed exactly as they are written.
CREATE TABLE :"schema".signed_events (
  sequence BIGINT PRIMARY KEY,
  id UUID NOT NULL UNIQUE,
  agent_id TEXT COLLATE "C" NOT NULL,
  event_type TEXT COLLATE "C" NOT NULL,
  payload_hash BYTEA NOT NULL,
  signature BYTEA,
  attest_level TEXT COLLATE "C" NOT NULL,
  timestamp TEXT COLLATE "C" NOT NULL,
  prev_hash BYTEA NOT NULL,
  key_id TEXT COLLATE "C",
  payload TEXT COLLATE "C"
);
CREATE INDEX signed_events_agent ON :"schema".signed_events (agent_id, sequence);
CREATE INDEX signed_events_type ON :"schema".signed_events (event_type, sequence);

CREATE TABLE :"schema".signed_events_dlq (
  letter BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id UUID NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  event_type TEXT COLLATE "C" NOT NULL,
  payload_hash BYTEA NOT NULL,
  timestamp TEXT COLLATE "C" NOT NULL,
  payload TEXT COLLATE "C" NOT NULL,
  failure_reason TEXT COLLATE "C" NOT NULL,
  failed_at TEXT COLLATE "C" NOT NULL,
  attempts INTEGER NOT NULL,
  replayed_as UUID
);
CREATE INDEX signed_events_dlq_id ON :"schema".signed_events_dlq (id);

CREATE TABLE :"schema".indelible_journals (
  journal UUID PRIMARY KEY,
  position BIGINT NOT NULL
);

CREATE TABLE :"schema".indelible_tiles (
  level INTEGER NOT NULL,
  tile BIGINT NOT NULL,
  hashes BYTEA NOT NULL,
  PRIMARY KEY (level, tile)
);
-- Hashes do not compress, and a tile is replaced as it grows.
ALTER TABLE :"schema".indelible_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE :"schema".indelible_checkpoints (
  size BIGINT PRIMARY KEY,
  note TEXT COLLATE "C" NOT NULL
);

CREATE TABLE :"schema".indelible_cosignatures (
  size BIGINT NOT NULL,
  witness TEXT COLLATE "C" NOT NULL,
  line TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (size, witness)
);

-- Erases the payload of a decision. Only for a row whose erasure this transaction has recorded: the
-- head is updated at the end of a transaction, so the row that records it is still after the head.
CREATE FUNCTION :"schema".indelible_erase(row_sequence BIGINT, event_id UUID) RETURNS BOOLEAN
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, :"schema", pg_temp
AS $$
  UPDATE signed_events AS erased SET payload = NULL
  WHERE erased.sequence = row_sequence
    AND erased.id = event_id
    AND erased.payload IS NOT NULL
    AND erased.event_type IN ('governance.refusal', 'governance.check')
    AND EXISTS (
      SELECT 1 FROM indelible_head AS head, signed_events AS note
      WHERE note.sequence > head.sequence
        AND note.event_type = 'payload.erased'
        AND strpos(note.payload, '"event_id":"' || event_id::TEXT || '"') > 0)
  RETURNING TRUE
$$;
REVOKE ALL ON FUNCTION :"schema".indelible_erase(BIGINT, UUID) FROM PUBLIC;

GRANT USAGE ON SCHEMA :"schema" TO :"writer", :"reader", :"eraser";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"writer", :"reader", :"eraser";
-- A writer appends. It may neither change nor remove a row of the chain or a checkpoint.
GRANT INSERT ON :"schema".signed_events, :"schema".indelible_checkpoints TO :"writer", :"eraser";
GRANT INSERT, UPDATE ON :"schema".indelible_journals, :"schema".indelible_tiles,
  :"schema".indelible_cosignatures TO :"writer", :"eraser";
GRANT UPDATE ON :"schema".indelible_head TO :"writer", :"eraser";
GRANT INSERT, DELETE, UPDATE (replayed_as) ON :"schema".signed_events_dlq TO :"writer", :"eraser";
GRANT EXECUTE ON FUNCTION :"schema".indelible_erase(BIGINT, UUID) TO :"eraser";
