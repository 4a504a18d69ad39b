/** What the corpus finds in the database. Cases leave it as it was. */
export const FIXTURE = `
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE point3 AS (x int, y int, label text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE item (
  id int PRIMARY KEY,
  name varchar(40) NOT NULL UNIQUE,
  price numeric(10, 2) CONSTRAINT price_is_positive CHECK (price > 0),
  feeling mood
);
INSERT INTO item VALUES (1, 'anvil', 99.50, 'ok'), (2, 'rope', 12.00, 'happy'), (3, 'dynamite', NULL, NULL);
CREATE TABLE part (item int NOT NULL REFERENCES item, name text);
CREATE TABLE landing (id int, note text);
CREATE VIEW cheap AS SELECT id, name FROM item WHERE price < 50;
CREATE FUNCTION warn(words text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE 'noticed: %', words USING DETAIL = 'a detail', HINT = 'a hint', ERRCODE = '01ABC';
  RAISE WARNING 'warned: %', words;
  RETURN length(words);
END $$;
CREATE FUNCTION fail_deep(depth int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF depth = 0 THEN
    RAISE EXCEPTION 'deep down' USING ERRCODE = 'P0ABC', DETAIL = 'd', HINT = 'h', TABLE = 'item',
      COLUMN = 'price', SCHEMA = 'public', CONSTRAINT = 'c', DATATYPE = 'mood';
  END IF;
  RETURN fail_deep(depth - 1);
END $$;
CREATE PROCEDURE in_steps() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO landing VALUES (1, 'kept');
  COMMIT;
  INSERT INTO landing VALUES (2, 'lost');
  ROLLBACK;
END $$;
`;
