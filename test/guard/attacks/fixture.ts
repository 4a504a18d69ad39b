/** Stands in `secrets`, and must never come out. */
export const SECRET = "tok-5f0c9a61e2";

/** The database as an attacker finds it: what must not change, what must not be seen, and traps of all kinds. */
export const FIXTURE = `
CREATE TABLE grandparent (id int PRIMARY KEY);
CREATE TABLE parent (id int PRIMARY KEY REFERENCES grandparent ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE victims (id int PRIMARY KEY, name text, parent int REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE secrets (id int PRIMARY KEY, token text);
INSERT INTO secrets VALUES (1, '${SECRET}'), (2, '${SECRET}');
CREATE TABLE open (id int PRIMARY KEY, name text);
INSERT INTO open VALUES (1, 'one'), (2, 'two');
CREATE TABLE empty (token text);

-- Children and parents of what is guarded.
CREATE TABLE heirs_of (id int, name text);
CREATE TABLE guarded_heir () INHERITS (heirs_of);
INSERT INTO guarded_heir VALUES (1, '${SECRET}');
CREATE TABLE guarded_whole (id int, name text) PARTITION BY RANGE (id);
CREATE TABLE part_of_guarded PARTITION OF guarded_whole FOR VALUES FROM (0) TO (100);
INSERT INTO guarded_whole VALUES (1, '${SECRET}');

CREATE SCHEMA play;
CREATE SCHEMA decoy;
CREATE TABLE decoy.secrets (id int, token text);
INSERT INTO decoy.secrets VALUES (0, 'decoy');
CREATE TABLE decoy.victims (id int, name text);
INSERT INTO decoy.victims VALUES (0, 'decoy');
CREATE VIEW play.shows AS SELECT * FROM public.secrets;
CREATE VIEW play.shows_deep AS SELECT upper(token) AS words FROM (SELECT * FROM play.shows) s;
CREATE VIEW play.through AS SELECT * FROM public.victims;
CREATE VIEW play.fickle AS SELECT id, name AS token FROM public.open;
CREATE MATERIALIZED VIEW play.kept AS SELECT * FROM public.secrets;

-- Code of users, in every place from which PostgreSQL runs code.
CREATE FUNCTION play.wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION play.wipe_by(int) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT $1';
CREATE FUNCTION play.wipe_bool(int, int) RETURNS bool LANGUAGE sql AS 'DELETE FROM public.victims; SELECT true';
CREATE FUNCTION play.wipe_text(text) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION play.harmless(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM play.wipe(); RETURN 1; END';
CREATE FUNCTION play.reveal() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS 'SELECT token FROM public.secrets';
CREATE FUNCTION play.lower(text) RETURNS text LANGUAGE sql AS 'DELETE FROM public.victims; SELECT $1';
CREATE FUNCTION play.state(int, int) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION play.pinned() RETURNS int SET standard_conforming_strings = off LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE play.gather(int) (SFUNC = play.state, STYPE = int, INITCOND = '0');
CREATE PROCEDURE play.wipes() LANGUAGE sql AS 'DELETE FROM public.victims';
CREATE OPERATOR play.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = play.wipe_bool);
CREATE OPERATOR play.= (LEFTARG = int, RIGHTARG = int, FUNCTION = play.wipe_bool);
CREATE DOMAIN play.wiping AS int CHECK (play.wipe_by(VALUE) > 0);
CREATE TYPE play.box AS (n int);
CREATE FUNCTION play.to_box(text) RETURNS play.box LANGUAGE sql AS 'DELETE FROM public.victims; SELECT ROW(1)::play.box';
CREATE CAST (text AS play.box) WITH FUNCTION play.to_box(text) AS IMPLICIT;
CREATE TABLE play.ruled (id int);
CREATE RULE also AS ON INSERT TO play.ruled DO ALSO DELETE FROM public.victims;
CREATE TABLE play.triggered (id int);
CREATE FUNCTION play.on_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.victims; RETURN NEW; END';
CREATE TRIGGER also BEFORE INSERT OR UPDATE OR DELETE ON play.triggered FOR EACH ROW EXECUTE FUNCTION play.on_row();
INSERT INTO play.triggered SELECT 1 WHERE false;
CREATE TABLE play.defaulted (id int, n int DEFAULT play.wipe());
CREATE TABLE play.checked (id int CHECK (play.wipe_by(id) > 0));
CREATE TABLE play.generated (id int, n int GENERATED ALWAYS AS (play.harmless(id)) STORED);
CREATE TABLE play.indexed (id int);
INSERT INTO play.indexed VALUES (1);
CREATE INDEX ON play.indexed (play.harmless(id));
CREATE TABLE play.rows_secured (id int);
INSERT INTO play.rows_secured VALUES (1);
ALTER TABLE play.rows_secured ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON play.rows_secured USING (play.wipe_by(id) > 0);
CREATE VIEW play.instead AS SELECT 1 AS id;
CREATE TRIGGER also INSTEAD OF INSERT ON play.instead FOR EACH ROW EXECUTE FUNCTION play.on_row();
CREATE VIEW play.calls AS SELECT play.wipe() AS n;
CREATE TABLE play.domained (n play.wiping);
CREATE TABLE play.domained_list (n play.wiping[]);
CREATE TYPE play.pair AS (a int, n play.wiping);
CREATE TABLE play.paired (p play.pair);
CREATE TABLE play.boxed (b play.box);
INSERT INTO play.boxed VALUES (ROW(1)), (ROW(2));
CREATE FUNCTION play.box_cmp(play.box, play.box) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM play.wipe(); RETURN 0; END';
CREATE FUNCTION play.box_lt(play.box, play.box) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM play.wipe(); RETURN false; END';
CREATE OPERATOR play.< (LEFTARG = play.box, RIGHTARG = play.box, FUNCTION = play.box_lt);
CREATE OPERATOR play.= (LEFTARG = play.box, RIGHTARG = play.box, FUNCTION = play.box_lt);
CREATE OPERATOR CLASS play.box_order DEFAULT FOR TYPE play.box USING btree AS
  OPERATOR 1 play.<, OPERATOR 3 play.=, FUNCTION 1 play.box_cmp(play.box, play.box);
CREATE TABLE play.routed (id int) PARTITION BY RANGE (id);
CREATE TABLE play.routed_1 PARTITION OF play.routed FOR VALUES FROM (0) TO (100);
CREATE TRIGGER also BEFORE INSERT ON play.routed_1 FOR EACH ROW EXECUTE FUNCTION play.on_row();
CREATE TABLE play.line (id int);
CREATE TABLE play.line_child () INHERITS (play.line);
INSERT INTO play.line_child VALUES (1);
CREATE TRIGGER also BEFORE UPDATE ON play.line_child FOR EACH ROW EXECUTE FUNCTION play.on_row();

-- Where an unqualified name of PostgreSQL's own finds a user's function with better fitting arguments.
CREATE FUNCTION public.initcap(varchar) RETURNS text LANGUAGE sql AS 'DELETE FROM public.victims; SELECT $1::text';
CREATE FUNCTION public.begins(varchar, varchar) RETURNS bool LANGUAGE sql AS 'DELETE FROM public.victims; SELECT true';
CREATE OPERATOR public.^@ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.begins);
CREATE FUNCTION pg_catalog.ascii(int) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
-- What looks like a column.
CREATE FUNCTION public.leak(open) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';

CREATE EXTENSION dblink;
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE play.remote (line text) SERVER files OPTIONS (filename '/etc/hostname');

-- What is syntax to a newer server, and a function of this name to this one.
CREATE FUNCTION public.json_scalar(int) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION public.json_serialize(text) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION public.json_value(text, text) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION public.json_exists(text, text) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION public.json_array(int, int) RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
CREATE FUNCTION public.merge_action() RETURNS int LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 1';
INSERT INTO grandparent VALUES (1), (2), (3);
INSERT INTO parent VALUES (1), (2), (3);
INSERT INTO victims VALUES (1, 'ann', 1), (2, 'bob', 2), (3, 'cyd', 3);
GRANT ALL ON SCHEMA play, decoy TO worker;
`;

/**
 * Permits all that the parser proves, even DDL, and forbids what must not happen. An attacker who gets through here
 * has found what the classifier doesn't see.
 */
export const POLICIES = `
@id("connect") permit(principal, action == Action::"connect", resource);
@id("proven") permit(
  principal,
  action in [
    Action::"postgres:read", Action::"postgres:write", Action::"postgres:define", Action::"postgres:set",
    Action::"postgres:transaction", Action::"postgres:lock", Action::"postgres:maintain", Action::"postgres:call"
  ],
  resource
) when { context.complete };
@id("guarded") @reason("this table is guarded")
forbid(
  principal,
  action in [
    Action::"postgres:read", Action::"postgres:write", Action::"postgres:define", Action::"postgres:lock",
    Action::"postgres:maintain", Action::"postgres:call"
  ],
  resource
) when {
  context.writes.containsAny(["public.victims", "public.secrets", "public.guarded_heir", "public.guarded_whole"]) ||
  context.reads.containsAny(["public.secrets", "public.guarded_heir", "public.guarded_whole"])
};
@id("effects") @reason("this reaches beyond the tables")
forbid(principal, action in [Action::"postgres:read", Action::"postgres:write", Action::"postgres:call"], resource)
when {
  context.effects.containsAny([
    "read-file", "write-file", "run-program", "connect-out", "sleep", "signal-backend", "large-object",
    "control-server", "dynamic-sql", "read-system"
  ])
};
`;

/** Undoes what an attack may have been allowed to make. */
export const RESTORE = `
ALTER ROLE admin RESET ALL;
ALTER DATABASE postgres RESET ALL;
DROP SCHEMA IF EXISTS admin, mine CASCADE;
DROP TABLE IF EXISTS play.made, play.copied, play.child CASCADE;
DELETE FROM open WHERE id > 2;
DELETE FROM grandparent; DELETE FROM parent; DELETE FROM victims;
INSERT INTO grandparent VALUES (1), (2), (3);
INSERT INTO parent VALUES (1), (2), (3);
INSERT INTO victims VALUES (1, 'ann', 1), (2, 'bob', 2), (3, 'cyd', 3);
CREATE OR REPLACE VIEW play.fickle AS SELECT id, name AS token FROM public.open;
`;

/** One text that changes with whatever must not change: rows and definitions. */
export const STATE = `
SELECT (SELECT coalesce(string_agg(v::text, ' ' ORDER BY id), 'victims empty') FROM public.victims v)
  || (SELECT coalesce(string_agg(s::text, ' ' ORDER BY id), 'secrets empty') FROM public.secrets s)
  || (SELECT coalesce(string_agg(p::text, ' ' ORDER BY id), 'parent empty') FROM public.parent p)
  || (SELECT coalesce(string_agg(h::text, ' '), 'guarded_heir empty') FROM public.guarded_heir h)
  || (SELECT coalesce(string_agg(w::text, ' '), 'guarded_whole empty') FROM public.guarded_whole w)
  || (SELECT string_agg(attname || attnum, ' ' ORDER BY attrelid, attnum) FROM pg_attribute
      WHERE attrelid IN ('public.victims'::regclass, 'public.secrets'::regclass))
  || (SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('public.victims'::regclass, 'public.secrets'::regclass))
  || (SELECT count(*) FROM pg_rewrite WHERE ev_class IN ('public.victims'::regclass, 'public.open'::regclass))
  || (SELECT string_agg(rolname || rolsuper || coalesce(rolpassword, ''), ' ' ORDER BY rolname) FROM pg_authid)
  || (SELECT coalesce(string_agg(s::text, ' '), '') FROM pg_db_role_setting s)
  || (SELECT string_agg(extname, ' ') FROM pg_extension)
  || (SELECT count(*) FROM pg_largeobject_metadata)
  || (SELECT coalesce(string_agg(relacl::text, ' '), '') FROM pg_class WHERE oid = 'public.secrets'::regclass)
  || (SELECT count(*) FROM pg_proc WHERE oid >= 16384)
  || (SELECT count(*) FROM pg_prepared_xacts)
  || (SELECT count(*) FROM pg_replication_slots) AS state`;
