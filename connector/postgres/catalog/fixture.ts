/** For tests: a schema with one of everything that the catalog's reader must tell apart. */
export const FIXTURE = `
CREATE SCHEMA app;
CREATE TABLE app.plain (id int PRIMARY KEY, name text, gone int, "Odd ""name" text DEFAULT 'x''y');
ALTER TABLE app.plain DROP COLUMN gone;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION app.f(text, VARIADIC int[]) RETURNS text STABLE SECURITY DEFINER LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
CREATE FUNCTION app.immutable(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION app.valid(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
CREATE PROCEDURE app.p() LANGUAGE plpgsql AS 'BEGIN END';
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int4);
CREATE FUNCTION app.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION app.same(text, text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
CREATE OPERATOR app.= (LEFTARG = text, RIGHTARG = text, FUNCTION = app.same);
CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE OPERATOR app.|=| (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);

CREATE TABLE app.keys (a int, b int, c text, d text, e int UNIQUE DEFERRABLE, f int, g text COLLATE "C", PRIMARY KEY (a, b));
CREATE UNIQUE INDEX ON app.keys (c) INCLUDE (d);
CREATE UNIQUE INDEX ON app.keys (d) WHERE a > 1;
CREATE UNIQUE INDEX ON app.keys (lower(d));
CREATE UNIQUE INDEX ON app.keys (d text_pattern_ops);
CREATE UNIQUE INDEX ON app.keys (g COLLATE "POSIX");
CREATE INDEX ON app.keys (f);

CREATE TABLE app.parent (id int PRIMARY KEY);
CREATE TABLE app.child (extra int) INHERITS (app.parent);
CREATE TABLE app."grand.child" () INHERITS (app.child);
CREATE TABLE app.parts (id int, day int, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES IN (1) PARTITION BY RANGE (id);
CREATE TABLE app.parts_1_low PARTITION OF app.parts_1 FOR VALUES FROM (0) TO (10);
CREATE TRIGGER deep AFTER INSERT ON app.parts_1_low FOR EACH ROW EXECUTE FUNCTION app.noted();

CREATE TABLE app.pg_authid (secret text);
CREATE VIEW app.inner_view AS SELECT id, app.f(id) AS f FROM app.plain WHERE name = 'x';
CREATE VIEW app.outer_view AS
  SELECT i.id, s.secret, a.rolname FROM app.inner_view i, app.pg_authid s, pg_catalog.pg_roles a WHERE s.secret OPERATOR(app.=) 'y';
CREATE MATERIALIZED VIEW app.stored AS SELECT 1 AS one;
CREATE SEQUENCE app.counter;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE app.far (id int) SERVER elsewhere;
CREATE TYPE app.pair AS (a int, b int);

CREATE TABLE app.ruled (id int);
CREATE RULE r AS ON INSERT TO app.ruled DO ALSO DELETE FROM app.plain;
CREATE TABLE app.triggered (id int);
CREATE TRIGGER t AFTER INSERT ON app.triggered FOR EACH ROW EXECUTE FUNCTION app.noted();
CREATE TRIGGER off AFTER DELETE ON app.triggered FOR EACH ROW EXECUTE FUNCTION app.noted();
ALTER TABLE app.triggered DISABLE TRIGGER off;
CREATE TABLE app.untriggered (id int);
CREATE TRIGGER off AFTER DELETE ON app.untriggered FOR EACH ROW EXECUTE FUNCTION app.noted();
ALTER TABLE app.untriggered DISABLE TRIGGER off;

CREATE TABLE app.harmless (id serial, at timestamptz DEFAULT now(), u uuid DEFAULT gen_random_uuid(), r float8 DEFAULT random(),
  low text GENERATED ALWAYS AS (md5('x')) STORED, i int GENERATED ALWAYS AS IDENTITY, CHECK (id > 0));
CREATE INDEX ON app.harmless (lower(low)) WHERE id > 1;
CREATE TABLE app.defaulted (id int DEFAULT app.f(1));
CREATE TABLE app.dangerous (id text DEFAULT pg_catalog.pg_read_file('x'));
CREATE TABLE app.xml_default (id xml DEFAULT pg_catalog.schema_to_xml('app', true, true, ''));
CREATE TABLE app.generated (id int, twice int GENERATED ALWAYS AS (app.immutable(id)) STORED);
CREATE TABLE app.checked (id text CONSTRAINT c CHECK (app.valid(id)));
CREATE TABLE app.operated (id text CONSTRAINT c CHECK (id OPERATOR(app.=) 'x'));
CREATE TABLE app.indexed (id int);
CREATE INDEX indexed_f ON app.indexed (app.immutable(id));

CREATE TABLE app.secured (id int, owner text);
ALTER TABLE app.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY simple ON app.secured USING (owner = current_user);
CREATE TABLE app.calling (id int, owner text);
ALTER TABLE app.calling ENABLE ROW LEVEL SECURITY;
CREATE POLICY calls ON app.calling USING (app.valid(owner));
CREATE TABLE app.looking (id int);
ALTER TABLE app.looking ENABLE ROW LEVEL SECURITY;
CREATE POLICY looks ON app.looking USING (EXISTS (SELECT FROM app.plain p WHERE p.id = looking.id));
CREATE TABLE app.unsecured (id int, owner text);
CREATE POLICY idle ON app.unsecured USING (app.valid(owner));

CREATE DOMAIN app.short AS text CHECK (length(VALUE) < 9);
CREATE DOMAIN app.coded AS text CHECK (app.valid(VALUE));
CREATE DOMAIN app.coded_twice AS app.coded;
CREATE TYPE app.mood AS ENUM ('sad', 'happy');
CREATE TYPE app.cast_mood AS ENUM ('sad');
CREATE FUNCTION app.to_text(app.cast_mood) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE CAST (app.cast_mood AS text) WITH FUNCTION app.to_text(app.cast_mood) AS IMPLICIT;
CREATE TYPE app.holds AS (x int, y app.coded_twice);
CREATE TYPE app.coded_range AS RANGE (SUBTYPE = app.coded);
CREATE TYPE app.number_range AS RANGE (SUBTYPE = int4);
CREATE TABLE app.typed (id app.short, m app.mood, r app.number_range);
CREATE TABLE app.coded_table (id int, h app.holds[]);
CREATE TABLE app.cast_table (m app.cast_mood);

CREATE TYPE app."Odd ""type" AS (x int);
CREATE DOMAIN app.code AS varchar(10);
CREATE DOMAIN app.code_twice AS app.code;
CREATE DOMAIN app.german AS text COLLATE "C";
CREATE DOMAIN app.tags AS text[];
CREATE DOMAIN app.codes AS app.code_twice[];
CREATE COLLATION app."Odd c" (PROVIDER = icu, LOCALE = 'en', DETERMINISTIC = false);
CREATE TABLE app.detailed (
  gone int, "text" text, v varchar(40), n numeric(10,2), t timestamp(3) with time zone, c "char", b bool, bits bit(8),
  code app.code_twice, code_list app.codes, code_array app.code_twice[], tags app.tags, tag_lists app.tags[],
  mood app.mood, moods app.mood[], odd app."Odd ""type", rows app.plain[], name name, ci interval(3), cc text COLLATE app."Odd c",
  g app.german, h text COLLATE "POSIX", ch char(3), no_modifier bpchar,
  sum numeric GENERATED ALWAYS AS (n + length(v) + length('varattno 3')) STORED, fixed text GENERATED ALWAYS AS ('x') STORED);
ALTER TABLE app.detailed DROP COLUMN gone;
CREATE TABLE app.detailed_heir () INHERITS (app.detailed);
ALTER TABLE app.detailed_heir ADD COLUMN own int GENERATED ALWAYS AS (length("text")) STORED;
CREATE MATERIALIZED VIEW app.stored_names AS SELECT name, app.f(id) AS f FROM app.plain;
CREATE VIEW app.barred WITH (security_barrier) AS SELECT 1 AS one;
CREATE VIEW app.barred_too WITH (security_barrier = 'YES', check_option = local) AS SELECT id FROM app.plain;
CREATE VIEW app.unbarred WITH (security_barrier = f) AS SELECT 1 AS one;

CREATE TABLE app.orders (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE app.items (id int PRIMARY KEY, order_id int REFERENCES app.orders ON DELETE CASCADE);
CREATE TABLE app.notes (item int REFERENCES app.items ON DELETE SET NULL);
CREATE TABLE app.marks (code text REFERENCES app.orders (code) ON UPDATE CASCADE);
CREATE TABLE app.strict (order_id int REFERENCES app.orders);
CREATE TRIGGER n AFTER UPDATE ON app.notes FOR EACH ROW EXECUTE FUNCTION app.noted();
`;
