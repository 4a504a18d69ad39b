SELECT * FROM onek
   WHERE onek.unique1 < 10
   ORDER BY onek.unique1
-- ;
SELECT onek.unique1, onek.stringu1 FROM onek
   WHERE onek.unique1 < 20
   ORDER BY unique1 using >
-- ;
SELECT onek.unique1, onek.stringu1 FROM onek
   WHERE onek.unique1 > 980
   ORDER BY stringu1 using <
-- ;
SELECT onek.unique1, onek.string4 FROM onek
   WHERE onek.unique1 > 980
   ORDER BY string4 using <, unique1 using >
-- ;
SELECT onek.unique1, onek.string4 FROM onek
   WHERE onek.unique1 > 980
   ORDER BY string4 using >, unique1 using <
-- ;
SELECT onek.unique1, onek.string4 FROM onek
   WHERE onek.unique1 < 20
   ORDER BY unique1 using >, string4 using <
-- ;
SELECT onek.unique1, onek.string4 FROM onek
   WHERE onek.unique1 < 20
   ORDER BY unique1 using <, string4 using >
-- ;
SELECT onek2.* FROM onek2 WHERE onek2.unique1 < 10
-- ;
SELECT onek2.unique1, onek2.stringu1 FROM onek2
    WHERE onek2.unique1 < 20
    ORDER BY unique1 using >
-- ;
SELECT onek2.unique1, onek2.stringu1 FROM onek2
   WHERE onek2.unique1 > 980
-- ;
SELECT p.name, p.age FROM person* p
-- ;
SELECT p.name, p.age FROM person* p ORDER BY age using >, name
-- ;
select foo from (select 1 offset 0) as foo
-- ;
select foo from (select null offset 0) as foo
-- ;
select foo from (select 'xyzzy',1,null offset 0) as foo
-- ;
select * from onek, (values(147, 'RFAAAA'), (931, 'VJAAAA')) as v (i, j)
    WHERE onek.unique1 = v.i and onek.stringu1 = v.j
-- ;
select * from onek,
  (values ((select i from
    (values(10000), (2), (389), (1000), (2000), ((select 10029))) as foo(i)
    order by i asc limit 1))) bar (i)
  where onek.unique1 = bar.i
-- ;
select * from onek
    where (unique1,ten) in (values (1,1), (20,0), (99,9), (17,99))
    order by unique1
-- ;
VALUES (1,2), (3,4+4), (7,77.7)
-- ;
VALUES (1,2), (3,4+4), (7,77.7)
UNION ALL
SELECT 2+2, 57
UNION ALL
TABLE int8_tbl
-- ;
INSERT INTO nocols DEFAULT VALUES
-- ;
SELECT * FROM nocols n, LATERAL (VALUES(n.*)) v
-- ;
INSERT INTO foo VALUES (42),(3),(10),(7),(null),(null),(1)
-- ;
SELECT * FROM foo ORDER BY f1
-- ;
SELECT * FROM foo ORDER BY f1 ASC
-- ;
SELECT * FROM foo ORDER BY f1 NULLS FIRST
-- ;
SELECT * FROM foo ORDER BY f1 DESC
-- ;
SELECT * FROM foo ORDER BY f1 DESC NULLS LAST
-- ;
explain (costs off)
select * from onek2 where unique2 = 11 and stringu1 = 'ATAAAA'
-- ;
select * from onek2 where unique2 = 11 and stringu1 = 'ATAAAA'
-- ;
explain (costs off, analyze on, timing off, summary off)
select * from onek2 where unique2 = 11 and stringu1 = 'ATAAAA'
-- ;
explain (costs off)
select unique2 from onek2 where unique2 = 11 and stringu1 = 'ATAAAA'
-- ;
select unique2 from onek2 where unique2 = 11 and stringu1 = 'ATAAAA'
-- ;
explain (costs off)
select * from onek2 where unique2 = 11 and stringu1 < 'B'
-- ;
select * from onek2 where unique2 = 11 and stringu1 < 'B'
-- ;
explain (costs off)
select unique2 from onek2 where unique2 = 11 and stringu1 < 'B'
-- ;
select unique2 from onek2 where unique2 = 11 and stringu1 < 'B'
-- ;
explain (costs off)
select unique2 from onek2 where unique2 = 11 and stringu1 < 'B' for update
-- ;
select unique2 from onek2 where unique2 = 11 and stringu1 < 'B' for update
-- ;
explain (costs off)
select unique2 from onek2 where unique2 = 11 and stringu1 < 'C'
-- ;
explain (costs off)
select unique1, unique2 from onek2
  where (unique2 = 11 or unique1 = 0) and stringu1 < 'B'
-- ;
select unique1, unique2 from onek2
  where (unique2 = 11 or unique1 = 0) and stringu1 < 'B'
-- ;
explain (costs off)
select unique1, unique2 from onek2
  where (unique2 = 11 and stringu1 < 'B') or unique1 = 0
-- ;
select unique1, unique2 from onek2
  where (unique2 = 11 and stringu1 < 'B') or unique1 = 0
-- ;
SELECT 1 AS x ORDER BY x
-- ;
select sillysrf(42)
-- ;
select sillysrf(-1) order by 1
-- ;
select * from (values (2),(null),(1)) v(k) where k = k order by k
-- ;
select * from (values (2),(null),(1)) v(k) where k = k
-- ;
explain (costs off) select * from list_parted_tbl
-- ;
SELECT DISTINCT two FROM onek ORDER BY 1
-- ;
SELECT DISTINCT ten FROM onek ORDER BY 1
-- ;
SELECT DISTINCT string4 FROM onek ORDER BY 1
-- ;
SELECT DISTINCT two, string4, ten
   FROM onek
   ORDER BY two using <, string4 using <, ten using <
-- ;
SELECT DISTINCT p.age FROM person* p ORDER BY age using >
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT count(*) FROM
  (SELECT DISTINCT two, four, two FROM tenk1) ss
-- ;
SELECT count(*) FROM
  (SELECT DISTINCT two, four, two FROM tenk1) ss
-- ;
EXPLAIN (costs off)
SELECT DISTINCT g%1000 FROM generate_series(0,9999) g
-- ;
CREATE TABLE distinct_group_1 AS
SELECT DISTINCT g%1000 FROM generate_series(0,9999) g
-- ;
CREATE TABLE distinct_group_2 AS
SELECT DISTINCT (g%1000)::text FROM generate_series(0,9999) g
-- ;
CREATE TABLE distinct_hash_1 AS
SELECT DISTINCT g%1000 FROM generate_series(0,9999) g
-- ;
CREATE TABLE distinct_hash_2 AS
SELECT DISTINCT (g%1000)::text FROM generate_series(0,9999) g
-- ;
(SELECT * FROM distinct_hash_1 EXCEPT SELECT * FROM distinct_group_1)
  UNION ALL
(SELECT * FROM distinct_group_1 EXCEPT SELECT * FROM distinct_hash_1)
-- ;
EXPLAIN (costs off)
SELECT DISTINCT four FROM tenk1
-- ;
SELECT DISTINCT four FROM tenk1
-- ;
EXPLAIN (COSTS OFF)
SELECT DISTINCT distinct_func(1) FROM tenk1
-- ;
CREATE OR REPLACE FUNCTION distinct_func(a INT) RETURNS INT AS $$
  BEGIN
    RETURN a;
  END;
$$ LANGUAGE plpgsql PARALLEL SAFE
-- ;
INSERT INTO DISTTABLE VALUES(1)
-- ;
INSERT INTO DISTTABLE VALUES(NULL)
-- ;
SELECT f1, f1 IS DISTINCT FROM 2 as "not 2" FROM disttable
-- ;
SELECT f1, f1 IS DISTINCT FROM NULL as "not null" FROM disttable
-- ;
SELECT f1, f1 IS DISTINCT FROM f1 as "false" FROM disttable
-- ;
SELECT f1, f1 IS DISTINCT FROM f1+1 as "not null" FROM disttable
-- ;
SELECT 1 IS DISTINCT FROM 2 as "yes"
-- ;
SELECT 2 IS DISTINCT FROM 2 as "no"
-- ;
SELECT 2 IS DISTINCT FROM null as "yes"
-- ;
SELECT null IS DISTINCT FROM null as "no"
-- ;
SELECT 1 IS NOT DISTINCT FROM 2 as "no"
-- ;
SELECT 2 IS NOT DISTINCT FROM 2 as "yes"
-- ;
SELECT 2 IS NOT DISTINCT FROM null as "no"
-- ;
SELECT null IS NOT DISTINCT FROM null as "yes"
-- ;
SELECT DISTINCT ON (string4) string4, two, ten
   FROM onek
   ORDER BY string4 using <, two using >, ten using <
-- ;
SELECT DISTINCT ON (string4, ten) string4, two, ten
   FROM onek
   ORDER BY string4 using <, two using <, ten using <
-- ;
SELECT DISTINCT ON (string4, ten) string4, ten, two
   FROM onek
   ORDER BY string4 using <, ten using >, two using <
-- ;
select distinct on (1) floor(random()) as r, f1 from int4_tbl order by 1,2
-- ;
INSERT INTO test_having VALUES (0, 1, 'XXXX', 'A')
-- ;
SELECT b, c FROM test_having
	GROUP BY b, c HAVING count(*) = 1 ORDER BY b, c
-- ;
SELECT b, c FROM test_having
	GROUP BY b, c HAVING b = 3 ORDER BY b, c
-- ;
SELECT lower(c), count(c) FROM test_having
	GROUP BY lower(c) HAVING count(*) > 2 OR min(a) = max(a)
	ORDER BY lower(c)
-- ;
SELECT c, max(a) FROM test_having
	GROUP BY c HAVING count(*) > 2 OR min(a) = max(a)
	ORDER BY c
-- ;
SELECT min(a), max(a) FROM test_having HAVING min(a) = max(a)
-- ;
SELECT min(a), max(a) FROM test_having HAVING min(a) < max(a)
-- ;
SELECT a FROM test_having HAVING min(a) < max(a)
-- ;
SELECT 1 AS one FROM test_having HAVING a > 1
-- ;
SELECT 1 AS one FROM test_having HAVING 1 > 2
-- ;
SELECT 1 AS one FROM test_having HAVING 1 < 2
-- ;
SELECT 1 AS one FROM test_having WHERE 1/a = 1 HAVING 1 < 2
-- ;
INSERT INTO test_missing_target VALUES (0, 1, 'XXXX', 'A')
-- ;
SELECT c, count(*) FROM test_missing_target GROUP BY test_missing_target.c ORDER BY c
-- ;
SELECT count(*) FROM test_missing_target GROUP BY test_missing_target.c ORDER BY c
-- ;
SELECT count(*) FROM test_missing_target GROUP BY a ORDER BY b
-- ;
SELECT count(*) FROM test_missing_target GROUP BY b ORDER BY b
-- ;
SELECT test_missing_target.b, count(*)
  FROM test_missing_target GROUP BY b ORDER BY b
-- ;
SELECT c FROM test_missing_target ORDER BY a
-- ;
SELECT count(*) FROM test_missing_target GROUP BY b ORDER BY b desc
-- ;
SELECT count(*) FROM test_missing_target ORDER BY 1 desc
-- ;
SELECT c, count(*) FROM test_missing_target GROUP BY 1 ORDER BY 1
-- ;
SELECT c, count(*) FROM test_missing_target GROUP BY 3
-- ;
SELECT count(*) FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY b ORDER BY b
-- ;
SELECT a, a FROM test_missing_target
	ORDER BY a
-- ;
SELECT a/2, a/2 FROM test_missing_target
	ORDER BY a/2
-- ;
SELECT a/2, a/2 FROM test_missing_target
	GROUP BY a/2 ORDER BY a/2
-- ;
SELECT x.b, count(*) FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY x.b ORDER BY x.b
-- ;
SELECT count(*) FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY x.b ORDER BY x.b
-- ;
CREATE TABLE test_missing_target2 AS
SELECT count(*)
FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY x.b ORDER BY x.b
-- ;
SELECT * FROM test_missing_target2
-- ;
SELECT a%2, count(b) FROM test_missing_target
GROUP BY test_missing_target.a%2
ORDER BY test_missing_target.a%2
-- ;
SELECT count(c) FROM test_missing_target
GROUP BY lower(test_missing_target.c)
ORDER BY lower(test_missing_target.c)
-- ;
SELECT count(a) FROM test_missing_target GROUP BY a ORDER BY b
-- ;
SELECT count(b) FROM test_missing_target GROUP BY b/2 ORDER BY b/2
-- ;
SELECT lower(test_missing_target.c), count(c)
  FROM test_missing_target GROUP BY lower(c) ORDER BY lower(c)
-- ;
SELECT a FROM test_missing_target ORDER BY upper(d)
-- ;
SELECT count(b) FROM test_missing_target
	GROUP BY (b + 1) / 2 ORDER BY (b + 1) / 2 desc
-- ;
SELECT count(x.a) FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY b/2 ORDER BY b/2
-- ;
SELECT x.b/2, count(x.b) FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY x.b/2 ORDER BY x.b/2
-- ;
SELECT count(b) FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY x.b/2
-- ;
CREATE TABLE test_missing_target3 AS
SELECT count(x.b)
FROM test_missing_target x, test_missing_target y
	WHERE x.a = y.a
	GROUP BY x.b/2 ORDER BY x.b/2
-- ;
SELECT * FROM test_missing_target3
-- ;
SELECT *
   INTO TABLE sitmp1
   FROM onek
   WHERE onek.unique1 < 2
-- ;
SELECT *
   INTO TABLE sitmp1
   FROM onek2
   WHERE onek2.unique1 < 2
-- ;
CREATE TABLE selinto_schema.tbl_withdata1 (a)
  AS SELECT generate_series(1,3) WITH DATA
-- ;
INSERT INTO selinto_schema.tbl_withdata1 VALUES (4)
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE selinto_schema.tbl_withdata2 (a) AS
  SELECT generate_series(1,3) WITH DATA
-- ;
CREATE TABLE selinto_schema.tbl_nodata1 (a) AS
  SELECT generate_series(1,3) WITH NO DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE selinto_schema.tbl_nodata2 (a) AS
  SELECT generate_series(1,3) WITH NO DATA
-- ;
PREPARE data_sel AS SELECT generate_series(1,3)
-- ;
CREATE TABLE selinto_schema.tbl_withdata3 (a) AS
  EXECUTE data_sel WITH DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE selinto_schema.tbl_withdata4 (a) AS
  EXECUTE data_sel WITH DATA
-- ;
CREATE TABLE selinto_schema.tbl_nodata3 (a) AS
  EXECUTE data_sel WITH NO DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE selinto_schema.tbl_nodata4 (a) AS
  EXECUTE data_sel WITH NO DATA
-- ;
INSERT INTO ctas_base VALUES (1, 2)
-- ;
CREATE TABLE ctas_nodata (ii, jj, kk) AS SELECT i, j FROM ctas_base
-- ;
CREATE TABLE ctas_nodata (ii, jj, kk) AS SELECT i, j FROM ctas_base WITH NO DATA
-- ;
CREATE TABLE ctas_nodata (ii, jj) AS SELECT i, j FROM ctas_base
-- ;
CREATE TABLE ctas_nodata_2 (ii, jj) AS SELECT i, j FROM ctas_base WITH NO DATA
-- ;
CREATE TABLE ctas_nodata_3 (ii) AS SELECT i, j FROM ctas_base
-- ;
CREATE TABLE ctas_nodata_4 (ii) AS SELECT i, j FROM ctas_base WITH NO DATA
-- ;
SELECT * FROM ctas_nodata
-- ;
SELECT * FROM ctas_nodata_2
-- ;
SELECT * FROM ctas_nodata_3
-- ;
SELECT * FROM ctas_nodata_4
-- ;
SELECT make_table()
-- ;
SELECT * FROM created_table
-- ;
DECLARE foo CURSOR FOR SELECT 1 INTO int4_tbl
-- ;
COPY (SELECT 1 INTO frak UNION SELECT 2) TO 'blob'
-- ;
SELECT * FROM (SELECT 1 INTO f) bar
-- ;
CREATE VIEW foo AS SELECT 1 INTO int4_tbl
-- ;
INSERT INTO int4_tbl SELECT 1 INTO f
-- ;
CREATE TABLE ctas_ine_tbl AS SELECT 1
-- ;
CREATE TABLE ctas_ine_tbl AS SELECT 1 / 0
-- ;
CREATE TABLE IF NOT EXISTS ctas_ine_tbl AS SELECT 1 / 0
-- ;
CREATE TABLE ctas_ine_tbl AS SELECT 1 / 0 WITH NO DATA
-- ;
CREATE TABLE IF NOT EXISTS ctas_ine_tbl AS SELECT 1 / 0 WITH NO DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE ctas_ine_tbl AS SELECT 1 / 0
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE IF NOT EXISTS ctas_ine_tbl AS SELECT 1 / 0
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE ctas_ine_tbl AS SELECT 1 / 0 WITH NO DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE IF NOT EXISTS ctas_ine_tbl AS SELECT 1 / 0 WITH NO DATA
-- ;
PREPARE ctas_ine_query AS SELECT 1 / 0
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE ctas_ine_tbl AS EXECUTE ctas_ine_query
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE TABLE IF NOT EXISTS ctas_ine_tbl AS EXECUTE ctas_ine_query
-- ;
SELECT 1 AS one WHERE 1 IN (SELECT 1)
-- ;
SELECT 1 AS zero WHERE 1 NOT IN (SELECT 1)
-- ;
SELECT 1 AS zero WHERE 1 IN (SELECT 2)
-- ;
SELECT * FROM (SELECT 1 AS x) ss
-- ;
(SELECT 2) UNION SELECT 2
-- ;
SELECT ((SELECT 2) UNION SELECT 2)
-- ;
SELECT (SELECT ARRAY[1,2,3])[1]
-- ;
SELECT ((SELECT ARRAY[1,2,3]))[2]
-- ;
SELECT (((SELECT ARRAY[1,2,3])))[3]
-- ;
INSERT INTO SUBSELECT_TBL VALUES (1, 2, 3)
-- ;
INSERT INTO SUBSELECT_TBL VALUES (8, 9, NULL)
-- ;
SELECT * FROM SUBSELECT_TBL
-- ;
SELECT f1 AS "Constant Select" FROM SUBSELECT_TBL
  WHERE f1 IN (SELECT 1)
-- ;
SELECT f1 AS "Uncorrelated Field" FROM SUBSELECT_TBL
  WHERE f1 IN (SELECT f2 FROM SUBSELECT_TBL)
-- ;
SELECT f1 AS "Uncorrelated Field" FROM SUBSELECT_TBL
  WHERE f1 IN (SELECT f2 FROM SUBSELECT_TBL WHERE
    f2 IN (SELECT f1 FROM SUBSELECT_TBL))
-- ;
SELECT f1, f2
  FROM SUBSELECT_TBL
  WHERE (f1, f2) NOT IN (SELECT f2, CAST(f3 AS int4) FROM SUBSELECT_TBL
                         WHERE f3 IS NOT NULL)
-- ;
SELECT f1 AS "Correlated Field", f2 AS "Second Field"
  FROM SUBSELECT_TBL upper
  WHERE f1 IN (SELECT f2 FROM SUBSELECT_TBL WHERE f1 = upper.f1)
-- ;
SELECT f1 AS "Correlated Field", f3 AS "Second Field"
  FROM SUBSELECT_TBL upper
  WHERE f1 IN
    (SELECT f2 FROM SUBSELECT_TBL WHERE CAST(upper.f2 AS float) = f3)
-- ;
SELECT f1 AS "Correlated Field", f3 AS "Second Field"
  FROM SUBSELECT_TBL upper
  WHERE f3 IN (SELECT upper.f1 + f2 FROM SUBSELECT_TBL
               WHERE f2 = CAST(f3 AS integer))
-- ;
SELECT f1 AS "Correlated Field"
  FROM SUBSELECT_TBL
  WHERE (f1, f2) IN (SELECT f2, CAST(f3 AS int4) FROM SUBSELECT_TBL
                     WHERE f3 IS NOT NULL)
-- ;
SELECT ss.f1 AS "Correlated Field", ss.f3 AS "Second Field"
  FROM SUBSELECT_TBL ss
  WHERE f1 NOT IN (SELECT f1+1 FROM INT4_TBL
                   WHERE f1 != ss.f1 AND f1 < 2147483647)
-- ;
select q1, float8(count(*)) / (select count(*) from int8_tbl)
from int8_tbl group by q1 order by q1
-- ;
SELECT *, pg_typeof(f1) FROM
  (SELECT 'foo' AS f1 FROM generate_series(1,3)) ss ORDER BY 1
-- ;
explain (verbose, costs off) select '42' union all select '43'
-- ;
explain (verbose, costs off) select '42' union all select 43
-- ;
explain (verbose, costs off)
select 1 = all (select (select 1))
-- ;
select 1 = all (select (select 1))
-- ;
explain (costs off)
select * from int4_tbl o where exists
  (select 1 from int4_tbl i where i.f1=o.f1 limit null)
-- ;
explain (costs off)
select * from int4_tbl o where not exists
  (select 1 from int4_tbl i where i.f1=o.f1 limit 1)
-- ;
explain (costs off)
select * from int4_tbl o where exists
  (select 1 from int4_tbl i where i.f1=o.f1 limit 0)
-- ;
select count(*) from
  (select 1 from tenk1 a
   where unique1 IN (select hundred from tenk1 b)) ss
-- ;
select count(distinct ss.ten) from
  (select ten from tenk1 a
   where unique1 IN (select hundred from tenk1 b)) ss
-- ;
select count(*) from
  (select 1 from tenk1 a
   where unique1 IN (select distinct hundred from tenk1 b)) ss
-- ;
select count(distinct ss.ten) from
  (select ten from tenk1 a
   where unique1 IN (select distinct hundred from tenk1 b)) ss
-- ;
INSERT INTO foo VALUES (1)
-- ;
INSERT INTO bar VALUES (1, 1)
-- ;
SELECT * FROM foo WHERE id IN
    (SELECT id2 FROM (SELECT DISTINCT id1, id2 FROM bar) AS s)
-- ;
SELECT * FROM foo WHERE id IN
    (SELECT id2 FROM (SELECT id1,id2 FROM bar GROUP BY id1,id2) AS s)
-- ;
SELECT * FROM foo WHERE id IN
    (SELECT id2 FROM (SELECT id1, id2 FROM bar UNION
                      SELECT id1, id2 FROM bar) AS s)
-- ;
SELECT * FROM foo WHERE id IN
    (SELECT id2 FROM (SELECT DISTINCT ON (id2) id1, id2 FROM bar) AS s)
-- ;
SELECT * FROM foo WHERE id IN
    (SELECT id2 FROM (SELECT id2 FROM bar GROUP BY id2) AS s)
-- ;
SELECT * FROM foo WHERE id IN
    (SELECT id2 FROM (SELECT id2 FROM bar UNION
                      SELECT id2 FROM bar) AS s)
-- ;
INSERT INTO orderstest VALUES (1, 1, false)
-- ;
INSERT INTO orderstest VALUES (66, 1, true)
-- ;
CREATE VIEW orders_view AS
SELECT *,
(SELECT CASE
   WHEN ord.approver_ref=1 THEN '---' ELSE 'Approved'
 END) AS "Approved",
(SELECT CASE
 WHEN ord.ordercanceled
 THEN 'Canceled'
 ELSE
  (SELECT CASE
		WHEN ord.po_ref=1
		THEN
		 (SELECT CASE
				WHEN ord.approver_ref=1
				THEN '---'
				ELSE 'Approved'
			END)
		ELSE 'PO'
	END)
END) AS "Status",
(CASE
 WHEN ord.ordercanceled
 THEN 'Canceled'
 ELSE
  (CASE
		WHEN ord.po_ref=1
		THEN
		 (CASE
				WHEN ord.approver_ref=1
				THEN '---'
				ELSE 'Approved'
			END)
		ELSE 'PO'
	END)
END) AS "Status_OK"
FROM orderstest ord
-- ;
SELECT * FROM orders_view
-- ;
create temp view shipped_view as
    select * from shipped where ttype = 'wt'
-- ;
insert into parts (partnum, cost) values (1, 1234.56)
-- ;
insert into shipped_view (ordnum, partnum, value)
    values (0, 1, (select cost from parts where partnum = '1'))
-- ;
select * from shipped_view
-- ;
update shipped_view set value = 11
    from int4_tbl a join int4_tbl b
      on (a.f1 = (select f1 from int4_tbl c where c.f1=b.f1))
    where ordnum = a.f1
-- ;
select f1, ss1 as relabel from
    (select *, (select sum(f1) from int4_tbl b where f1 >= a.f1) as ss1
     from int4_tbl a) ss
-- ;
select * from (
  select max(unique1) from tenk1 as a
  where exists (select 1 from tenk1 as b where b.thousand = a.unique2)
) ss
-- ;
select * from (
  select min(unique1) from tenk1 as a
  where not exists (select 1 from tenk1 as b where b.unique2 = 10000)
) ss
-- ;
insert into numeric_table values (1), (1.000000000000000000001), (2), (3)
-- ;
insert into float_table values (1), (2), (3)
-- ;
select * from float_table
  where float_col in (select num_col from numeric_table)
-- ;
select * from numeric_table
  where num_col in (select float_col from float_table)
-- ;
insert into ta values(1,1)
-- ;
insert into tb values(1,1)
-- ;
insert into tc values(1,1)
-- ;
select
  ( select min(tb.id) from tb
    where tb.aval = (select ta.val from ta where ta.id = tc.aid) ) as min_tb_id
from tc
-- ;
select * from
  (select distinct f1, f2, (select f2 from t1 x where x.f1 = up.f1) as fs
   from t1 up) ss
group by f1,f2,fs
-- ;
insert into table_a values (42)
-- ;
create temp view view_a as select * from table_a
-- ;
select view_a from view_a
-- ;
select (select view_a) from view_a
-- ;
select (select (select view_a)) from view_a
-- ;
select (select (a.*)::text) from view_a a
-- ;
select q from (select max(f1) from int4_tbl group by f1 order by f1) q
-- ;
with q as (select max(f1) from int4_tbl group by f1 order by f1)
  select q from q
-- ;
delete from road
where exists (
  select 1
  from
    int4_tbl cross join
    ( select f1, array(select q1 from int8_tbl) as arr
      from text_tbl ) ss
  where road.name = ss.f1 )
-- ;
select
  (select sq1) as qq1
from
  (select exists(select 1 from int4_tbl where f1 = q2) as sq1, 42 as dummy
   from int8_tbl) sq0
  join
  int4_tbl i4 on dummy = i4.f1
-- ;
insert into upsert values(1, 'val') on conflict (key) do update set val = 'not seen'
-- ;
insert into upsert values(1, 'val') on conflict (key) do update set val = 'seen with subselect ' || (select f1 from int4_tbl where f1 != 0 limit 1)::text
-- ;
select * from upsert
-- ;
with aa as (select 'int4_tbl' u from int4_tbl limit 1)
insert into upsert values (1, 'x'), (999, 'y')
on conflict (key) do update set val = (select u from aa)
returning *
-- ;
insert into outer_7597 values (0, 0)
-- ;
insert into outer_7597 values (0, null)
-- ;
insert into inner_7597 values(0, null)
-- ;
select * from outer_7597 where (f1, f2) not in (select * from inner_7597)
-- ;
insert into outer_text values ('a', 'a')
-- ;
insert into outer_text values ('a', null)
-- ;
insert into inner_text values ('a', null)
-- ;
insert into inner_text values ('123', '456')
-- ;
select * from outer_text where (f1, f2) not in (select * from inner_text)
-- ;
explain (verbose, costs off)
select 'foo'::text in (select 'bar'::name union all select 'bar'::name)
-- ;
select 'foo'::text in (select 'bar'::name union all select 'bar'::name)
-- ;
explain (verbose, costs off)
select row(row(row(1))) = any (select row(row(1)))
-- ;
select row(row(row(1))) = any (select row(row(1)))
-- ;
select '1'::text in (select '1'::name union all select '1'::name)
-- ;
select * from int8_tbl where q1 in (select c1 from inner_text)
-- ;
explain (costs off)
select * from int8_tbl where q1 in (select c1 from inner_text)
-- ;
explain (costs off)
select count(*) from tenk1 t
where (exists(select 1 from tenk1 k where k.unique1 = t.unique2) or ten < 0)
-- ;
select count(*) from tenk1 t
where (exists(select 1 from tenk1 k where k.unique1 = t.unique2) or ten < 0)
-- ;
explain (costs off)
select count(*) from tenk1 t
where (exists(select 1 from tenk1 k where k.unique1 = t.unique2) or ten < 0)
  and thousand = 1
-- ;
select count(*) from tenk1 t
where (exists(select 1 from tenk1 k where k.unique1 = t.unique2) or ten < 0)
  and thousand = 1
-- ;
insert into exists_tbl select x, x/2, x+1 from generate_series(0,10) x
-- ;
explain (costs off)
select * from exists_tbl t1
  where (exists(select 1 from exists_tbl t2 where t1.c1 = t2.c2) or c3 < 0)
-- ;
select * from exists_tbl t1
  where (exists(select 1 from exists_tbl t2 where t1.c1 = t2.c2) or c3 < 0)
-- ;
select a.thousand from tenk1 a, tenk1 b
where a.thousand = b.thousand
  and exists ( select 1 from tenk1 c where b.hundred = c.hundred
                   and not exists ( select 1 from tenk1 d
                                    where a.thousand = d.thousand ) )
-- ;
explain (verbose, costs off)
  select x, x from
    (select (select now()) as x from (values(1),(2)) v(y)) ss
-- ;
explain (verbose, costs off)
  select x, x from
    (select (select random()) as x from (values(1),(2)) v(y)) ss
-- ;
explain (verbose, costs off)
  select x, x from
    (select (select now() where y=y) as x from (values(1),(2)) v(y)) ss
-- ;
explain (verbose, costs off)
  select x, x from
    (select (select random() where y=y) as x from (values(1),(2)) v(y)) ss
-- ;
explain (verbose, costs off)
select sum(ss.tst::int) from
  onek o cross join lateral (
  select i.ten in (select f1 from int4_tbl where f1 <= o.hundred) as tst,
         random() as r
  from onek i where i.unique1 = o.unique1 ) ss
where o.ten = 0
-- ;
select sum(ss.tst::int) from
  onek o cross join lateral (
  select i.ten in (select f1 from int4_tbl where f1 <= o.hundred) as tst,
         random() as r
  from onek i where i.unique1 = o.unique1 ) ss
where o.ten = 0
-- ;
explain (costs off)
select count(*) from
  onek o cross join lateral (
    select * from onek i1 where i1.unique1 = o.unique1
    except
    select * from onek i2 where i2.unique1 = o.unique2
  ) ss
where o.ten = 1
-- ;
select count(*) from
  onek o cross join lateral (
    select * from onek i1 where i1.unique1 = o.unique1
    except
    select * from onek i2 where i2.unique1 = o.unique2
  ) ss
where o.ten = 1
-- ;
explain (costs off)
select sum(o.four), sum(ss.a) from
  onek o cross join lateral (
    with recursive x(a) as
      (select o.four as a
       union
       select a + 1 from x
       where a < 10)
    select * from x
  ) ss
where o.ten = 1
-- ;
select sum(o.four), sum(ss.a) from
  onek o cross join lateral (
    with recursive x(a) as
      (select o.four as a
       union
       select a + 1 from x
       where a < 10)
    select * from x
  ) ss
where o.ten = 1
-- ;
insert into notinouter values (null), (1)
-- ;
select * from notinouter where a not in (select b from notininner)
-- ;
select exists(select * from nocolumns)
-- ;
select val.x
  from generate_series(1,10) as s(i),
  lateral (
    values ((select s.i + 1)), (s.i + 101)
  ) as val(x)
where s.i < 10 and (select val.x) < 110
-- ;
explain (verbose, costs off)
select * from
(values
  (3 not in (select * from (values (1), (2)) ss1)),
  (false)
) ss
-- ;
select * from
(values
  (3 not in (select * from (values (1), (2)) ss1)),
  (false)
) ss
-- ;
explain (verbose, costs off)
select * from int4_tbl where
  (case when f1 in (select unique1 from tenk1 a) then f1 else null end) in
  (select ten from tenk1 b)
-- ;
select * from int4_tbl where
  (case when f1 in (select unique1 from tenk1 a) then f1 else null end) in
  (select ten from tenk1 b)
-- ;
explain (verbose, costs off)
select * from int4_tbl o where (f1, f1) in
  (select f1, generate_series(1,50) / 10 g from int4_tbl i group by f1)
-- ;
select * from int4_tbl o where (f1, f1) in
  (select f1, generate_series(1,50) / 10 g from int4_tbl i group by f1)
-- ;
select (select q from
         (select 1,2,3 where f1 > 0
          union all
          select 4,5,6.0 where f1 <= 0
         ) q )
from int4_tbl
-- ;
explain (verbose, costs off)
select * from
    int4_tbl i4,
    lateral (
        select i4.f1 > 1 as b, 1 as id
        from (select random() order by 1) as t1
      union all
        select true as b, 2 as id
    ) as t2
where b and f1 >= 0
-- ;
select * from
    int4_tbl i4,
    lateral (
        select i4.f1 > 1 as b, 1 as id
        from (select random() order by 1) as t1
      union all
        select true as b, 2 as id
    ) as t2
where b and f1 >= 0
-- ;
select * from
  (select distinct ten from tenk1) ss
  where ten < 10 + nextval('ts1')
  order by 1
-- ;
select nextval('ts1')
-- ;
explain (verbose, costs off)
select * from
  (select 9 as x, unnest(array[1,2,3,11,12,13]) as u) ss
  where tattle(x, 8)
-- ;
select * from
  (select 9 as x, unnest(array[1,2,3,11,12,13]) as u) ss
  where tattle(x, 8)
-- ;
explain (verbose, costs off)
select * from
  (select 9 as x, unnest(array[1,2,3,11,12,13]) as u) ss
  where tattle(x, u)
-- ;
select * from
  (select 9 as x, unnest(array[1,2,3,11,12,13]) as u) ss
  where tattle(x, u)
-- ;
insert into sq_limit values
    (1, 1, 1),
    (2, 2, 2),
    (3, 3, 3),
    (4, 4, 4),
    (5, 1, 1),
    (6, 2, 2),
    (7, 3, 3),
    (8, 4, 4)
-- ;
select * from explain_sq_limit()
-- ;
select * from (select pk,c2 from sq_limit order by c1,pk) as x limit 3
-- ;
declare c1 scroll cursor for
 select * from generate_series(1,4) i
  where i <> all (values (2),(3))
-- ;
explain (verbose, costs off)
with x as (select * from (select f1 from subselect_tbl) ss)
select * from x where f1 = 1
-- ;
explain (verbose, costs off)
with x as materialized (select * from (select f1 from subselect_tbl) ss)
select * from x where f1 = 1
-- ;
explain (verbose, costs off)
with x as (select * from (select f1, now() from subselect_tbl) ss)
select * from x where f1 = 1
-- ;
explain (verbose, costs off)
with x as (select * from (select f1, random() from subselect_tbl) ss)
select * from x where f1 = 1
-- ;
explain (verbose, costs off)
with x as (select * from (select f1 from subselect_tbl for update) ss)
select * from x where f1 = 1
-- ;
explain (verbose, costs off)
with x as (select * from (select f1, now() as n from subselect_tbl) ss)
select * from x, x x2 where x.n = x2.n
-- ;
explain (verbose, costs off)
with x as not materialized (select * from (select f1, now() as n from subselect_tbl) ss)
select * from x, x x2 where x.n = x2.n
-- ;
explain (verbose, costs off)
with recursive x(a) as
  ((values ('a'), ('b'))
   union all
   (with z as not materialized (select * from x)
    select z.a || z1.a as a from z cross join z as z1
    where length(z.a || z1.a) < 5))
select * from x
-- ;
with recursive x(a) as
  ((values ('a'), ('b'))
   union all
   (with z as not materialized (select * from x)
    select z.a || z1.a as a from z cross join z as z1
    where length(z.a || z1.a) < 5))
select * from x
-- ;
explain (verbose, costs off)
with recursive x(a) as
  ((values ('a'), ('b'))
   union all
   (with z as not materialized (select * from x)
    select z.a || z.a as a from z
    where length(z.a || z.a) < 5))
select * from x
-- ;
with recursive x(a) as
  ((values ('a'), ('b'))
   union all
   (with z as not materialized (select * from x)
    select z.a || z.a as a from z
    where length(z.a || z.a) < 5))
select * from x
-- ;
explain (verbose, costs off)
with x as (select * from int4_tbl)
select * from (with y as (select * from x) select * from y) ss
-- ;
explain (verbose, costs off)
with x as materialized (select * from int4_tbl)
select * from (with y as (select * from x) select * from y) ss
-- ;
explain (verbose, costs off)
with x as (select 1 as y)
select * from (with x as (select 2 as y) select * from x) ss
-- ;
explain (verbose, costs off)
with x as (select * from subselect_tbl)
select * from x for update
-- ;
INSERT INTO J1_TBL VALUES (1, 4, 'one')
-- ;
INSERT INTO J1_TBL VALUES (0, NULL, 'zero')
-- ;
INSERT INTO J1_TBL VALUES (NULL, NULL, 'null')
-- ;
INSERT INTO J1_TBL VALUES (NULL, 0, 'zero')
-- ;
INSERT INTO J2_TBL VALUES (1, -1)
-- ;
INSERT INTO J2_TBL VALUES (0, NULL)
-- ;
INSERT INTO J2_TBL VALUES (NULL, NULL)
-- ;
INSERT INTO J2_TBL VALUES (NULL, 0)
-- ;
insert into onerow default values
-- ;
SELECT *
  FROM J1_TBL AS tx
-- ;
SELECT *
  FROM J1_TBL AS t1 (a, b, c)
-- ;
SELECT *
  FROM J1_TBL t1 (a, b, c), J2_TBL t2 (d, e)
-- ;
SELECT t1.a, t2.e
  FROM J1_TBL t1 (a, b, c), J2_TBL t2 (d, e)
  WHERE t1.a = t2.d
-- ;
SELECT *
  FROM J1_TBL CROSS JOIN J2_TBL
-- ;
SELECT i, k, t
  FROM J1_TBL CROSS JOIN J2_TBL
-- ;
SELECT t1.i, k, t
  FROM J1_TBL t1 CROSS JOIN J2_TBL t2
-- ;
SELECT ii, tt, kk
  FROM (J1_TBL CROSS JOIN J2_TBL)
    AS tx (ii, jj, tt, ii2, kk)
-- ;
SELECT tx.ii, tx.jj, tx.kk
  FROM (J1_TBL t1 (a, b, c) CROSS JOIN J2_TBL t2 (d, e))
    AS tx (ii, jj, tt, ii2, kk)
-- ;
SELECT *
  FROM J1_TBL CROSS JOIN J2_TBL a CROSS JOIN J2_TBL b
-- ;
SELECT *
  FROM J1_TBL INNER JOIN J2_TBL USING (i)
-- ;
SELECT *
  FROM J1_TBL t1 (a, b, c) JOIN J2_TBL t2 (a, d) USING (a)
  ORDER BY a, d
-- ;
SELECT *
  FROM J1_TBL t1 (a, b, c) JOIN J2_TBL t2 (a, b) USING (b)
  ORDER BY b, t1.a
-- ;
SELECT * FROM J1_TBL JOIN J2_TBL USING (i) WHERE J1_TBL.t = 'one'
-- ;
SELECT * FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE J1_TBL.t = 'one'
-- ;
SELECT * FROM (J1_TBL JOIN J2_TBL USING (i)) AS x WHERE J1_TBL.t = 'one'
-- ;
SELECT * FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE x.i = 1
-- ;
SELECT * FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE x.t = 'one'
-- ;
SELECT * FROM (J1_TBL JOIN J2_TBL USING (i) AS x) AS xx WHERE x.i = 1
-- ;
SELECT * FROM J1_TBL a1 JOIN J2_TBL a2 USING (i) AS a1
-- ;
SELECT x.* FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE J1_TBL.t = 'one'
-- ;
SELECT ROW(x.*) FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE J1_TBL.t = 'one'
-- ;
SELECT row_to_json(x.*) FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE J1_TBL.t = 'one'
-- ;
SELECT *
  FROM J1_TBL NATURAL JOIN J2_TBL
-- ;
SELECT *
  FROM J1_TBL t1 (a, b, c) NATURAL JOIN J2_TBL t2 (a, d)
-- ;
SELECT *
  FROM J1_TBL t1 (a, b, c) NATURAL JOIN J2_TBL t2 (d, a)
-- ;
SELECT *
  FROM J1_TBL t1 (a, b) NATURAL JOIN J2_TBL t2 (a)
-- ;
SELECT *
  FROM J1_TBL JOIN J2_TBL ON (J1_TBL.i = J2_TBL.i)
-- ;
SELECT *
  FROM J1_TBL JOIN J2_TBL ON (J1_TBL.i = J2_TBL.k)
-- ;
SELECT *
  FROM J1_TBL JOIN J2_TBL ON (J1_TBL.i <= J2_TBL.k)
-- ;
SELECT *
  FROM J1_TBL LEFT OUTER JOIN J2_TBL USING (i)
  ORDER BY i, k, t
-- ;
SELECT *
  FROM J1_TBL RIGHT OUTER JOIN J2_TBL USING (i)
-- ;
SELECT *
  FROM J1_TBL FULL OUTER JOIN J2_TBL USING (i)
  ORDER BY i, k, t
-- ;
SELECT *
  FROM J1_TBL LEFT JOIN J2_TBL USING (i) WHERE (k = 1)
-- ;
SELECT *
  FROM J1_TBL LEFT JOIN J2_TBL USING (i) WHERE (i = 1)
-- ;
explain (costs off)
select * from int4_tbl i4, tenk1 a
where exists(select * from tenk1 b
             where a.twothousand = b.twothousand and a.fivethous <> b.fivethous)
      and i4.f1 = a.tenthous
-- ;
INSERT INTO t1 VALUES ( 'bb', 11 )
-- ;
INSERT INTO t2 VALUES ( 'bb', 12 )
-- ;
INSERT INTO t3 VALUES ( 'bb', 13 )
-- ;
SELECT * FROM t1 FULL JOIN t2 USING (name) FULL JOIN t3 USING (name)
-- ;
SELECT * FROM
(SELECT * FROM t2) as s2
INNER JOIN
(SELECT * FROM t3) s3
USING (name)
-- ;
SELECT * FROM
(SELECT * FROM t2) as s2
LEFT JOIN
(SELECT * FROM t3) s3
USING (name)
-- ;
SELECT * FROM
(SELECT * FROM t2) as s2
FULL JOIN
(SELECT * FROM t3) s3
USING (name)
-- ;
SELECT * FROM
(SELECT name, n as s2_n, 2 as s2_2 FROM t2) as s2
NATURAL INNER JOIN
(SELECT name, n as s3_n, 3 as s3_2 FROM t3) s3
-- ;
SELECT * FROM
(SELECT name, n as s2_n, 2 as s2_2 FROM t2) as s2
NATURAL LEFT JOIN
(SELECT name, n as s3_n, 3 as s3_2 FROM t3) s3
-- ;
SELECT * FROM
(SELECT name, n as s2_n, 2 as s2_2 FROM t2) as s2
NATURAL FULL JOIN
(SELECT name, n as s3_n, 3 as s3_2 FROM t3) s3
-- ;
SELECT * FROM
(SELECT name, n as s1_n, 1 as s1_1 FROM t1) as s1
NATURAL INNER JOIN
(SELECT name, n as s2_n, 2 as s2_2 FROM t2) as s2
NATURAL INNER JOIN
(SELECT name, n as s3_n, 3 as s3_2 FROM t3) s3
-- ;
SELECT * FROM
(SELECT name, n as s1_n, 1 as s1_1 FROM t1) as s1
NATURAL FULL JOIN
(SELECT name, n as s2_n, 2 as s2_2 FROM t2) as s2
NATURAL FULL JOIN
(SELECT name, n as s3_n, 3 as s3_2 FROM t3) s3
-- ;
SELECT * FROM
(SELECT name, n as s1_n FROM t1) as s1
NATURAL FULL JOIN
  (SELECT * FROM
    (SELECT name, n as s2_n FROM t2) as s2
    NATURAL FULL JOIN
    (SELECT name, n as s3_n FROM t3) as s3
  ) ss2
-- ;
SELECT * FROM
(SELECT name, n as s1_n FROM t1) as s1
NATURAL FULL JOIN
  (SELECT * FROM
    (SELECT name, n as s2_n, 2 as s2_2 FROM t2) as s2
    NATURAL FULL JOIN
    (SELECT name, n as s3_n FROM t3) as s3
  ) ss2
-- ;
SELECT * FROM
  (SELECT name, n as s1_n FROM t1) as s1
FULL JOIN
  (SELECT name, 2 as s2_n FROM t2) as s2
ON (s1_n = s2_n)
-- ;
insert into x values (1,11)
-- ;
insert into x values (3,null)
-- ;
insert into y values (1,111)
-- ;
insert into y values (4,null)
-- ;
select * from x
-- ;
select * from y
-- ;
select * from x left join y on (x1 = y1 and x2 is not null)
-- ;
select * from x left join y on (x1 = y1 and y2 is not null)
-- ;
select * from (x left join y on (x1 = y1)) left join x xx(xx1,xx2)
on (x1 = xx1)
-- ;
select * from (x left join y on (x1 = y1)) left join x xx(xx1,xx2)
on (x1 = xx1 and x2 is not null)
-- ;
select * from (x left join y on (x1 = y1)) left join x xx(xx1,xx2)
on (x1 = xx1 and y2 is not null)
-- ;
select * from (x left join y on (x1 = y1)) left join x xx(xx1,xx2)
on (x1 = xx1 and xx2 is not null)
-- ;
select * from (x left join y on (x1 = y1)) left join x xx(xx1,xx2)
on (x1 = xx1) where (x2 is not null)
-- ;
select * from (x left join y on (x1 = y1)) left join x xx(xx1,xx2)
on (x1 = xx1) where (y2 is not null)
-- ;
select * from (x left join y on (x1 = y1)) left join x xx(xx1,xx2)
on (x1 = xx1) where (xx2 is not null)
-- ;
select count(*) from tenk1 a where unique1 in
  (select unique1 from tenk1 b join tenk1 c using (unique1)
   where b.unique2 = 42)
-- ;
select count(*) from tenk1 x where
  x.unique1 in (select a.f1 from int4_tbl a,float8_tbl b where a.f1=b.f1) and
  x.unique1 = 0 and
  x.unique1 in (select aa.f1 from int4_tbl aa,float8_tbl bb where aa.f1=bb.f1)
-- ;
explain (costs off)
select aa, bb, unique1, unique1
  from tenk1 right join b_star on aa = unique1
  where bb < bb and bb is null
-- ;
select aa, bb, unique1, unique1
  from tenk1 right join b_star on aa = unique1
  where bb < bb and bb is null
-- ;
explain (costs off)
select * from int8_tbl i1 left join (int8_tbl i2 join
  (select 123 as x) ss on i2.q1 = x) on i1.q2 = i2.q2
order by 1, 2
-- ;
select * from int8_tbl i1 left join (int8_tbl i2 join
  (select 123 as x) ss on i2.q1 = x) on i1.q2 = i2.q2
order by 1, 2
-- ;
select count(*)
from
  (select t3.tenthous as x1, coalesce(t1.stringu1, t2.stringu1) as x2
   from tenk1 t1
   left join tenk1 t2 on t1.unique1 = t2.unique1
   join tenk1 t3 on t1.unique2 = t3.unique2) ss,
  tenk1 t4,
  tenk1 t5
where t4.thousand = t5.unique1 and ss.x1 = t4.tenthous and ss.x2 = t5.stringu1
-- ;
explain (costs off)
select a.f1, b.f1, t.thousand, t.tenthous from
  tenk1 t,
  (select sum(f1)+1 as f1 from int4_tbl i4a) a,
  (select sum(f1) as f1 from int4_tbl i4b) b
where b.f1 = t.thousand and a.f1 = b.f1 and (a.f1+b.f1+999) = t.tenthous
-- ;
select a.f1, b.f1, t.thousand, t.tenthous from
  tenk1 t,
  (select sum(f1)+1 as f1 from int4_tbl i4a) a,
  (select sum(f1) as f1 from int4_tbl i4b) b
where b.f1 = t.thousand and a.f1 = b.f1 and (a.f1+b.f1+999) = t.tenthous
-- ;
explain (costs off)
select * from
  j1_tbl full join
  (select * from j2_tbl order by j2_tbl.i desc, j2_tbl.k asc) j2_tbl
  on j1_tbl.i = j2_tbl.i and j1_tbl.i = j2_tbl.k
-- ;
select * from
  j1_tbl full join
  (select * from j2_tbl order by j2_tbl.i desc, j2_tbl.k asc) j2_tbl
  on j1_tbl.i = j2_tbl.i and j1_tbl.i = j2_tbl.k
-- ;
explain (costs off)
select count(*) from
  (select * from tenk1 x order by x.thousand, x.twothousand, x.fivethous) x
  left join
  (select * from tenk1 y order by y.unique2) y
  on x.thousand = y.unique2 and x.twothousand = y.hundred and x.fivethous = y.unique2
-- ;
select count(*) from
  (select * from tenk1 x order by x.thousand, x.twothousand, x.fivethous) x
  left join
  (select * from tenk1 y order by y.unique2) y
  on x.thousand = y.unique2 and x.twothousand = y.hundred and x.fivethous = y.unique2
-- ;
INSERT INTO t1 VALUES (5, 10)
-- ;
INSERT INTO t2 VALUES (200, 2000)
-- ;
INSERT INTO t3 VALUES (5, 20)
-- ;
DELETE FROM t3 USING t1 table1 WHERE t3.x = table1.a
-- ;
SELECT * FROM t3
-- ;
DELETE FROM t3 USING t1 JOIN t2 USING (a) WHERE t3.x > t1.a
-- ;
DELETE FROM t3 USING t3 t3_other WHERE t3.x = t3_other.x AND t3.y = t3_other.y
-- ;
insert into t2a values (200, 2001)
-- ;
select * from t1 left join t2 on (t1.a = t2.a)
-- ;
select t1.x from t1 join t3 on (t1.a = t3.x)
-- ;
select t1.*, t2.*, unnamed_join.* from
  t1 join t2 on (t1.a = t2.a), t3 as unnamed_join
  for update of unnamed_join
-- ;
select foo.*, unnamed_join.* from
  t1 join t2 using (a) as foo, t3 as unnamed_join
  for update of unnamed_join
-- ;
select foo.*, unnamed_join.* from
  t1 join t2 using (a) as foo, t3 as unnamed_join
  for update of foo
-- ;
select bar.*, unnamed_join.* from
  (t1 join t2 using (a) as foo) as bar, t3 as unnamed_join
  for update of foo
-- ;
select bar.*, unnamed_join.* from
  (t1 join t2 using (a) as foo) as bar, t3 as unnamed_join
  for update of bar
-- ;
INSERT INTO tt1 VALUES (1, 11)
-- ;
INSERT INTO tt1 VALUES (2, NULL)
-- ;
INSERT INTO tt2 VALUES (21, 11)
-- ;
select tt1.*, tt2.* from tt1 left join tt2 on tt1.joincol = tt2.joincol
-- ;
select tt1.*, tt2.* from tt2 right join tt1 on tt1.joincol = tt2.joincol
-- ;
explain (costs off)
select count(*) from tenk1 a, tenk1 b
  where a.hundred = b.thousand and (b.fivethous % 10) < 10
-- ;
select count(*) from tenk1 a, tenk1 b
  where a.hundred = b.thousand and (b.fivethous % 10) < 10
-- ;
insert into tt3 select x, repeat('xyzzy', 100) from generate_series(1,10000) x
-- ;
insert into tt4 values (0),(1),(9999)
-- ;
SELECT a.f1
FROM tt4 a
LEFT JOIN (
        SELECT b.f1
        FROM tt3 b LEFT JOIN tt3 c ON (b.f1 = c.f1)
        WHERE c.f1 IS NULL
) AS d ON (a.f1 = d.f1)
WHERE d.f1 IS NULL
-- ;
explain (costs off)
select * from tt4x t1
where not exists (
  select 1 from tt4x t2
    left join tt4x t3 on t2.c3 = t3.c1
    left join ( select t5.c1 as c1
                from tt4x t4 left join tt4x t5 on t4.c2 = t5.c1
              ) a1 on t3.c2 = a1.c1
  where t1.c1 = t2.c2
)
-- ;
insert into tt5 values(1, 10)
-- ;
insert into tt6 values(1, 9)
-- ;
select * from tt5,tt6 where tt5.f1 = tt6.f1 and tt5.f1 = tt5.f2 - tt6.f2
-- ;
insert into xx values (1)
-- ;
insert into yy values (101, 1)
-- ;
insert into yy values (301, NULL)
-- ;
select yy.pkyy as yy_pkyy, yy.pkxx as yy_pkxx, yya.pkyy as yya_pkyy,
       xxa.pkxx as xxa_pkxx, xxb.pkxx as xxb_pkxx
from yy
     left join (SELECT * FROM yy where pkyy = 101) as yya ON yy.pkyy = yya.pkyy
     left join xx xxa on yya.pkxx = xxa.pkxx
     left join xx xxb on coalesce (xxa.pkxx, 1) = xxb.pkxx
-- ;
insert into zt1 values(53)
-- ;
insert into zt2 values(53)
-- ;
select * from
  zt2 left join zt3 on (f2 = f3)
      left join zt1 on (f3 = f1)
where f2 = 53
-- ;
create temp view zv1 as select *,'dummy'::text AS junk from zt1
-- ;
select * from
  zt2 left join zt3 on (f2 = f3)
      left join zv1 on (f3 = f1)
where f2 = 53
-- ;
select a.unique2, a.ten, b.tenthous, b.unique2, b.hundred
from tenk1 a left join tenk1 b on a.unique2 = b.tenthous
where a.unique1 = 42 and
      ((b.unique2 is null and a.ten = 2) or b.hundred = 3)
-- ;
prepare foo(bool) as
  select count(*) from tenk1 a left join tenk1 b
    on (a.unique2 = b.unique1 and exists
        (select 1 from tenk1 c where c.thousand = b.unique2 and $1))
-- ;
execute foo(true)
-- ;
execute foo(false)
-- ;
select * from a left join b on i = x and i = y and x = i
-- ;
explain (costs off)
select a.idv, b.idv from tidv a, tidv b where a.idv = b.idv
-- ;
select t1.q2, count(t2.*)
from int8_tbl t1 left join int8_tbl t2 on (t1.q2 = t2.q1)
group by t1.q2 order by 1
-- ;
select t1.q2, count(t2.*)
from int8_tbl t1 left join (select * from int8_tbl) t2 on (t1.q2 = t2.q1)
group by t1.q2 order by 1
-- ;
select t1.q2, count(t2.*)
from int8_tbl t1 left join (select * from int8_tbl offset 0) t2 on (t1.q2 = t2.q1)
group by t1.q2 order by 1
-- ;
select t1.q2, count(t2.*)
from int8_tbl t1 left join
  (select q1, case when q2=1 then 1 else q2 end as q2 from int8_tbl) t2
  on (t1.q2 = t2.q1)
group by t1.q2 order by 1
-- ;
insert into a (code) values ('p')
-- ;
insert into b (a, num) values ('p', 1)
-- ;
insert into c (name, a) values ('A', 'p')
-- ;
insert into c (name, a) values ('C', null)
-- ;
select c.name, ss.code, ss.b_cnt, ss.const
from c left join
  (select a.code, coalesce(b_grp.cnt, 0) as b_cnt, -1 as const
   from a left join
     (select count(1) as cnt, b.a from b group by b.a) as b_grp
     on a.code = b_grp.a
  ) as ss
  on (c.a = ss.code)
order by c.name
-- ;
SELECT * FROM
( SELECT 1 as key1 ) sub1
LEFT JOIN
( SELECT sub3.key3, sub4.value2, COALESCE(sub4.value2, 66) as value3 FROM
    ( SELECT 1 as key3 ) sub3
    LEFT JOIN
    ( SELECT sub5.key5, COALESCE(sub6.value1, 1) as value2 FROM
        ( SELECT 1 as key5 ) sub5
        LEFT JOIN
        ( SELECT 2 as key6, 42 as value1 ) sub6
        ON sub5.key5 = sub6.key6
    ) sub4
    ON sub4.key5 = sub3.key3
) sub2
ON sub1.key1 = sub2.key3
-- ;
SELECT * FROM
( SELECT 1 as key1 ) sub1
LEFT JOIN
( SELECT sub3.key3, value2, COALESCE(value2, 66) as value3 FROM
    ( SELECT 1 as key3 ) sub3
    LEFT JOIN
    ( SELECT sub5.key5, COALESCE(sub6.value1, 1) as value2 FROM
        ( SELECT 1 as key5 ) sub5
        LEFT JOIN
        ( SELECT 2 as key6, 42 as value1 ) sub6
        ON sub5.key5 = sub6.key6
    ) sub4
    ON sub4.key5 = sub3.key3
) sub2
ON sub1.key1 = sub2.key3
-- ;
EXPLAIN (COSTS OFF)
SELECT qq, unique1
  FROM
  ( SELECT COALESCE(q1, 0) AS qq FROM int8_tbl a ) AS ss1
  FULL OUTER JOIN
  ( SELECT COALESCE(q2, -1) AS qq FROM int8_tbl b ) AS ss2
  USING (qq)
  INNER JOIN tenk1 c ON qq = unique2
-- ;
SELECT qq, unique1
  FROM
  ( SELECT COALESCE(q1, 0) AS qq FROM int8_tbl a ) AS ss1
  FULL OUTER JOIN
  ( SELECT COALESCE(q2, -1) AS qq FROM int8_tbl b ) AS ss2
  USING (qq)
  INNER JOIN tenk1 c ON qq = unique2
-- ;
insert into nt1 values (1,true,true)
-- ;
insert into nt1 values (2,true,false)
-- ;
insert into nt1 values (3,false,false)
-- ;
insert into nt2 values (1,1,true,true)
-- ;
insert into nt2 values (2,2,true,false)
-- ;
insert into nt2 values (3,3,false,false)
-- ;
insert into nt3 values (1,1,true)
-- ;
insert into nt3 values (2,2,false)
-- ;
explain (costs off)
select nt3.id
from nt3 as nt3
  left join
    (select nt2.*, (nt2.b1 and ss1.a3) AS b3
     from nt2 as nt2
       left join
         (select nt1.*, (nt1.id is not null) as a3 from nt1) as ss1
         on ss1.id = nt2.nt1_id
    ) as ss2
    on ss2.id = nt3.nt2_id
where nt3.id = 1 and ss2.b3
-- ;
select nt3.id
from nt3 as nt3
  left join
    (select nt2.*, (nt2.b1 and ss1.a3) AS b3
     from nt2 as nt2
       left join
         (select nt1.*, (nt1.id is not null) as a3 from nt1) as ss1
         on ss1.id = nt2.nt1_id
    ) as ss2
    on ss2.id = nt3.nt2_id
where nt3.id = 1 and ss2.b3
-- ;
explain (costs off)
select * from
  int8_tbl t1 left join
  (select q1 as x, 42 as y from int8_tbl t2) ss
  on t1.q2 = ss.x
where
  1 = (select 1 from int8_tbl t3 where ss.y is not null limit 1)
order by 1,2
-- ;
select * from
  int8_tbl t1 left join
  (select q1 as x, 42 as y from int8_tbl t2) ss
  on t1.q2 = ss.x
where
  1 = (select 1 from int8_tbl t3 where ss.y is not null limit 1)
order by 1,2
-- ;
explain (costs off)
select * from
  int4_tbl as i41,
  lateral
    (select 1 as x from
      (select i41.f1 as lat,
              i42.f1 as loc from
         int8_tbl as i81, int4_tbl as i42) as ss1
      right join int4_tbl as i43 on (i43.f1 > 1)
      where ss1.loc = ss1.lat) as ss2
where i41.f1 > 0
-- ;
select * from
  int4_tbl as i41,
  lateral
    (select 1 as x from
      (select i41.f1 as lat,
              i42.f1 as loc from
         int8_tbl as i81, int4_tbl as i42) as ss1
      right join int4_tbl as i43 on (i43.f1 > 1)
      where ss1.loc = ss1.lat) as ss2
where i41.f1 > 0
-- ;
select * from int4_tbl a full join int4_tbl b on true
-- ;
select * from int4_tbl a full join int4_tbl b on false
-- ;
create temp table q1 as select 1 as q1
-- ;
create temp table q2 as select 0 as q2
-- ;
explain (costs off)
select * from
  tenk1 join int4_tbl on f1 = twothousand,
  q1, q2
where q1 = thousand or q2 = thousand
-- ;
explain (costs off)
select * from
  tenk1 join int4_tbl on f1 = twothousand,
  q1, q2
where thousand = (q1 + q2)
-- ;
explain (costs off)
select * from
  tenk1, int8_tbl a, int8_tbl b
where thousand = a.q1 and tenthous = b.q1 and a.q2 = 1 and b.q2 = 2
-- ;
explain (costs off)
select t1.unique2, t1.stringu1, t2.unique1, t2.stringu2 from
  tenk1 t1
  inner join int4_tbl i1
    left join (select v1.x2, v2.y1, 11 AS d1
               from (select 1,0 from onerow) v1(x1,x2)
               left join (select 3,1 from onerow) v2(y1,y2)
               on v1.x1 = v2.y2) subq1
    on (i1.f1 = subq1.x2)
  on (t1.unique2 = subq1.d1)
  left join tenk1 t2
  on (subq1.y1 = t2.unique1)
where t1.unique2 < 42 and t1.stringu1 > t2.stringu2
-- ;
select t1.unique2, t1.stringu1, t2.unique1, t2.stringu2 from
  tenk1 t1
  inner join int4_tbl i1
    left join (select v1.x2, v2.y1, 11 AS d1
               from (select 1,0 from onerow) v1(x1,x2)
               left join (select 3,1 from onerow) v2(y1,y2)
               on v1.x1 = v2.y2) subq1
    on (i1.f1 = subq1.x2)
  on (t1.unique2 = subq1.d1)
  left join tenk1 t2
  on (subq1.y1 = t2.unique1)
where t1.unique2 < 42 and t1.stringu1 > t2.stringu2
-- ;
select ss1.d1 from
  tenk1 as t1
  inner join tenk1 as t2
  on t1.tenthous = t2.ten
  inner join
    int8_tbl as i8
    left join int4_tbl as i4
      inner join (select 64::information_schema.cardinal_number as d1
                  from tenk1 t3,
                       lateral (select abs(t3.unique1) + random()) ss0(x)
                  where t3.fivethous < 0) as ss1
      on i4.f1 = ss1.d1
    on i8.q1 = i4.f1
  on t1.tenthous = ss1.d1
where t1.unique1 < i4.f1
-- ;
explain (costs off)
select t1.unique2, t1.stringu1, t2.unique1, t2.stringu2 from
  tenk1 t1
  inner join int4_tbl i1
    left join (select v1.x2, v2.y1, 11 AS d1
               from (values(1,0)) v1(x1,x2)
               left join (values(3,1)) v2(y1,y2)
               on v1.x1 = v2.y2) subq1
    on (i1.f1 = subq1.x2)
  on (t1.unique2 = subq1.d1)
  left join tenk1 t2
  on (subq1.y1 = t2.unique1)
where t1.unique2 < 42 and t1.stringu1 > t2.stringu2
-- ;
select t1.unique2, t1.stringu1, t2.unique1, t2.stringu2 from
  tenk1 t1
  inner join int4_tbl i1
    left join (select v1.x2, v2.y1, 11 AS d1
               from (values(1,0)) v1(x1,x2)
               left join (values(3,1)) v2(y1,y2)
               on v1.x1 = v2.y2) subq1
    on (i1.f1 = subq1.x2)
  on (t1.unique2 = subq1.d1)
  left join tenk1 t2
  on (subq1.y1 = t2.unique1)
where t1.unique2 < 42 and t1.stringu1 > t2.stringu2
-- ;
explain (verbose, costs off)
select * from
  (select 1 as x) ss1 left join (select 2 as y) ss2 on (true),
  lateral (select ss2.y as z limit 1) ss3
-- ;
select * from
  (select 1 as x) ss1 left join (select 2 as y) ss2 on (true),
  lateral (select ss2.y as z limit 1) ss3
-- ;
explain (costs off)
select * from
  (select 0 as z) as t1
  left join
  (select true as a) as t2
  on true,
  lateral (select true as b
           union all
           select a as b) as t3
where b
-- ;
select * from
  (select 0 as z) as t1
  left join
  (select true as a) as t2
  on true,
  lateral (select true as b
           union all
           select a as b) as t3
where b
-- ;
explain (verbose, costs off)
with ctetable as not materialized ( select 1 as f1 )
select * from ctetable c1
where f1 in ( select c3.f1 from ctetable c2 full join ctetable c3 on true )
-- ;
with ctetable as not materialized ( select 1 as f1 )
select * from ctetable c1
where f1 in ( select c3.f1 from ctetable c2 full join ctetable c3 on true )
-- ;
create function f_immutable_int4(i integer) returns integer as
$$ begin return i; end; $$ language plpgsql immutable
-- ;
explain (costs off)
select unique1 from tenk1, (select * from f_immutable_int4(1) x) x
where x = unique1
-- ;
explain (verbose, costs off)
select unique1, x.*
from tenk1, (select *, random() from f_immutable_int4(1) x) x
where x = unique1
-- ;
explain (costs off)
select unique1 from tenk1, f_immutable_int4(1) x where x = unique1
-- ;
explain (costs off)
select unique1 from tenk1, lateral f_immutable_int4(1) x where x = unique1
-- ;
explain (costs off)
select unique1 from tenk1, lateral f_immutable_int4(1) x where x in (select 17)
-- ;
explain (costs off)
select unique1, x from tenk1 join f_immutable_int4(1) x on unique1 = x
-- ;
explain (costs off)
select unique1, x from tenk1 left join f_immutable_int4(1) x on unique1 = x
-- ;
explain (costs off)
select unique1, x from tenk1 right join f_immutable_int4(1) x on unique1 = x
-- ;
explain (costs off)
select unique1, x from tenk1 full join f_immutable_int4(1) x on unique1 = x
-- ;
explain (costs off)
select unique1 from tenk1, f_immutable_int4(1) x where x = 42
-- ;
explain (costs off)
select nt3.id
from nt3 as nt3
  left join
    (select nt2.*, (nt2.b1 or i4 = 42) AS b3
     from nt2 as nt2
       left join
         f_immutable_int4(0) i4
         on i4 = nt2.nt1_id
    ) as ss2
    on ss2.id = nt3.nt2_id
where nt3.id = 1 and ss2.b3
-- ;
create function mki4(int) returns int4_tbl as
$$select row($1)::int4_tbl$$ language sql
-- ;
explain (verbose, costs off)
select * from mki8(1,2)
-- ;
select * from mki8(1,2)
-- ;
explain (verbose, costs off)
select * from mki4(42)
-- ;
select * from mki4(42)
-- ;
explain (costs off)
select * from tenk1 a join tenk1 b on
  (a.unique1 = 1 and b.unique1 = 2) or (a.unique2 = 3 and b.hundred = 4)
-- ;
explain (costs off)
select * from tenk1 a join tenk1 b on
  (a.unique1 = 1 and b.unique1 = 2) or (a.unique2 = 3 and b.ten = 4)
-- ;
explain (costs off)
select * from tenk1 a join tenk1 b on
  (a.unique1 = 1 and b.unique1 = 2) or
  ((a.unique2 = 3 or a.unique2 = 7) and b.hundred = 4)
-- ;
explain (costs off)
select * from tenk1 t1 left join
  (tenk1 t2 join tenk1 t3 on t2.thousand = t3.unique2)
  on t1.hundred = t2.hundred and t1.ten = t3.ten
where t1.unique1 = 1
-- ;
explain (costs off)
select * from tenk1 t1 left join
  (tenk1 t2 join tenk1 t3 on t2.thousand = t3.unique2)
  on t1.hundred = t2.hundred and t1.ten + t2.ten = t3.ten
where t1.unique1 = 1
-- ;
explain (costs off)
select count(*) from
  tenk1 a join tenk1 b on a.unique1 = b.unique2
  left join tenk1 c on a.unique2 = b.unique1 and c.thousand = a.thousand
  join int4_tbl on b.thousand = f1
-- ;
select count(*) from
  tenk1 a join tenk1 b on a.unique1 = b.unique2
  left join tenk1 c on a.unique2 = b.unique1 and c.thousand = a.thousand
  join int4_tbl on b.thousand = f1
-- ;
explain (costs off)
select b.unique1 from
  tenk1 a join tenk1 b on a.unique1 = b.unique2
  left join tenk1 c on b.unique1 = 42 and c.thousand = a.thousand
  join int4_tbl i1 on b.thousand = f1
  right join int4_tbl i2 on i2.f1 = b.tenthous
  order by 1
-- ;
select b.unique1 from
  tenk1 a join tenk1 b on a.unique1 = b.unique2
  left join tenk1 c on b.unique1 = 42 and c.thousand = a.thousand
  join int4_tbl i1 on b.thousand = f1
  right join int4_tbl i2 on i2.f1 = b.tenthous
  order by 1
-- ;
explain (costs off)
select * from
(
  select unique1, q1, coalesce(unique1, -1) + q1 as fault
  from int8_tbl left join tenk1 on (q2 = unique2)
) ss
where fault = 122
order by fault
-- ;
select * from
(
  select unique1, q1, coalesce(unique1, -1) + q1 as fault
  from int8_tbl left join tenk1 on (q2 = unique2)
) ss
where fault = 122
order by fault
-- ;
explain (costs off)
select * from
(values (1, array[10,20]), (2, array[20,30])) as v1(v1x,v1ys)
left join (values (1, 10), (2, 20)) as v2(v2x,v2y) on v2x = v1x
left join unnest(v1ys) as u1(u1y) on u1y = v2y
-- ;
select * from
(values (1, array[10,20]), (2, array[20,30])) as v1(v1x,v1ys)
left join (values (1, 10), (2, 20)) as v2(v2x,v2y) on v2x = v1x
left join unnest(v1ys) as u1(u1y) on u1y = v2y
-- ;
explain (costs off)
select q1, unique2, thousand, hundred
  from int8_tbl a left join tenk1 b on q1 = unique2
  where coalesce(thousand,123) = q1 and q1 = coalesce(hundred,123)
-- ;
select q1, unique2, thousand, hundred
  from int8_tbl a left join tenk1 b on q1 = unique2
  where coalesce(thousand,123) = q1 and q1 = coalesce(hundred,123)
-- ;
explain (costs off)
select f1, unique2, case when unique2 is null then f1 else 0 end
  from int4_tbl a left join tenk1 b on f1 = unique2
  where (case when unique2 is null then f1 else 0 end) = 0
-- ;
select f1, unique2, case when unique2 is null then f1 else 0 end
  from int4_tbl a left join tenk1 b on f1 = unique2
  where (case when unique2 is null then f1 else 0 end) = 0
-- ;
explain (costs off)
select a.unique1, b.unique1, c.unique1, coalesce(b.twothousand, a.twothousand)
  from tenk1 a left join tenk1 b on b.thousand = a.unique1                        left join tenk1 c on c.unique2 = coalesce(b.twothousand, a.twothousand)
  where a.unique2 < 10 and coalesce(b.twothousand, a.twothousand) = 44
-- ;
select a.unique1, b.unique1, c.unique1, coalesce(b.twothousand, a.twothousand)
  from tenk1 a left join tenk1 b on b.thousand = a.unique1                        left join tenk1 c on c.unique2 = coalesce(b.twothousand, a.twothousand)
  where a.unique2 < 10 and coalesce(b.twothousand, a.twothousand) = 44
-- ;
explain (verbose, costs off)
select foo1.join_key as foo1_id, foo3.join_key AS foo3_id, bug_field from
  (values (0),(1)) foo1(join_key)
left join
  (select join_key, bug_field from
    (select ss1.join_key, ss1.bug_field from
      (select f1 as join_key, 666 as bug_field from int4_tbl i1) ss1
    ) foo2
   left join
    (select unique2 as join_key from tenk1 i2) ss2
   using (join_key)
  ) foo3
using (join_key)
-- ;
select foo1.join_key as foo1_id, foo3.join_key AS foo3_id, bug_field from
  (values (0),(1)) foo1(join_key)
left join
  (select join_key, bug_field from
    (select ss1.join_key, ss1.bug_field from
      (select f1 as join_key, 666 as bug_field from int4_tbl i1) ss1
    ) foo2
   left join
    (select unique2 as join_key from tenk1 i2) ss2
   using (join_key)
  ) foo3
using (join_key)
-- ;
explain (verbose, costs off)
select t1.* from
  text_tbl t1
  left join (select *, '***'::text as d1 from int8_tbl i8b1) b1
    left join int8_tbl i8
      left join (select *, null::int as d2 from int8_tbl i8b2) b2
      on (i8.q1 = b2.q1)
    on (b2.d2 = b1.q2)
  on (t1.f1 = b1.d1)
  left join int4_tbl i4
  on (i8.q2 = i4.f1)
-- ;
select t1.* from
  text_tbl t1
  left join (select *, '***'::text as d1 from int8_tbl i8b1) b1
    left join int8_tbl i8
      left join (select *, null::int as d2 from int8_tbl i8b2) b2
      on (i8.q1 = b2.q1)
    on (b2.d2 = b1.q2)
  on (t1.f1 = b1.d1)
  left join int4_tbl i4
  on (i8.q2 = i4.f1)
-- ;
explain (verbose, costs off)
select t1.* from
  text_tbl t1
  left join (select *, '***'::text as d1 from int8_tbl i8b1) b1
    left join int8_tbl i8
      left join (select *, null::int as d2 from int8_tbl i8b2, int4_tbl i4b2) b2
      on (i8.q1 = b2.q1)
    on (b2.d2 = b1.q2)
  on (t1.f1 = b1.d1)
  left join int4_tbl i4
  on (i8.q2 = i4.f1)
-- ;
select t1.* from
  text_tbl t1
  left join (select *, '***'::text as d1 from int8_tbl i8b1) b1
    left join int8_tbl i8
      left join (select *, null::int as d2 from int8_tbl i8b2, int4_tbl i4b2) b2
      on (i8.q1 = b2.q1)
    on (b2.d2 = b1.q2)
  on (t1.f1 = b1.d1)
  left join int4_tbl i4
  on (i8.q2 = i4.f1)
-- ;
explain (verbose, costs off)
select t1.* from
  text_tbl t1
  left join (select *, '***'::text as d1 from int8_tbl i8b1) b1
    left join int8_tbl i8
      left join (select *, null::int as d2 from int8_tbl i8b2, int4_tbl i4b2
                 where q1 = f1) b2
      on (i8.q1 = b2.q1)
    on (b2.d2 = b1.q2)
  on (t1.f1 = b1.d1)
  left join int4_tbl i4
  on (i8.q2 = i4.f1)
-- ;
select t1.* from
  text_tbl t1
  left join (select *, '***'::text as d1 from int8_tbl i8b1) b1
    left join int8_tbl i8
      left join (select *, null::int as d2 from int8_tbl i8b2, int4_tbl i4b2
                 where q1 = f1) b2
      on (i8.q1 = b2.q1)
    on (b2.d2 = b1.q2)
  on (t1.f1 = b1.d1)
  left join int4_tbl i4
  on (i8.q2 = i4.f1)
-- ;
explain (verbose, costs off)
select * from
  text_tbl t1
  inner join int8_tbl i8
  on i8.q2 = 456
  right join text_tbl t2
  on t1.f1 = 'doh!'
  left join int4_tbl i4
  on i8.q1 = i4.f1
-- ;
select * from
  text_tbl t1
  inner join int8_tbl i8
  on i8.q2 = 456
  right join text_tbl t2
  on t1.f1 = 'doh!'
  left join int4_tbl i4
  on i8.q1 = i4.f1
-- ;
explain (verbose, costs off)
select * from
  text_tbl t1
  left join int8_tbl i8
  on i8.q2 = 123,
  lateral (select i8.q1, t2.f1 from text_tbl t2 limit 1) as ss
where t1.f1 = ss.f1
-- ;
select * from
  text_tbl t1
  left join int8_tbl i8
  on i8.q2 = 123,
  lateral (select i8.q1, t2.f1 from text_tbl t2 limit 1) as ss
where t1.f1 = ss.f1
-- ;
explain (verbose, costs off)
select * from
  text_tbl t1
  left join int8_tbl i8
  on i8.q2 = 123,
  lateral (select i8.q1, t2.f1 from text_tbl t2 limit 1) as ss1,
  lateral (select ss1.* from text_tbl t3 limit 1) as ss2
where t1.f1 = ss2.f1
-- ;
select * from
  text_tbl t1
  left join int8_tbl i8
  on i8.q2 = 123,
  lateral (select i8.q1, t2.f1 from text_tbl t2 limit 1) as ss1,
  lateral (select ss1.* from text_tbl t3 limit 1) as ss2
where t1.f1 = ss2.f1
-- ;
explain (verbose, costs off)
select 1 from
  text_tbl as tt1
  inner join text_tbl as tt2 on (tt1.f1 = 'foo')
  left join text_tbl as tt3 on (tt3.f1 = 'foo')
  left join text_tbl as tt4 on (tt3.f1 = tt4.f1),
  lateral (select tt4.f1 as c0 from text_tbl as tt5 limit 1) as ss1
where tt1.f1 = ss1.c0
-- ;
select 1 from
  text_tbl as tt1
  inner join text_tbl as tt2 on (tt1.f1 = 'foo')
  left join text_tbl as tt3 on (tt3.f1 = 'foo')
  left join text_tbl as tt4 on (tt3.f1 = tt4.f1),
  lateral (select tt4.f1 as c0 from text_tbl as tt5 limit 1) as ss1
where tt1.f1 = ss1.c0
-- ;
explain (verbose, costs off)
select ss2.* from
  int4_tbl i41
  left join int8_tbl i8
    join (select i42.f1 as c1, i43.f1 as c2, 42 as c3
          from int4_tbl i42, int4_tbl i43) ss1
    on i8.q1 = ss1.c2
  on i41.f1 = ss1.c1,
  lateral (select i41.*, i8.*, ss1.* from text_tbl limit 1) ss2
where ss1.c2 = 0
-- ;
select ss2.* from
  int4_tbl i41
  left join int8_tbl i8
    join (select i42.f1 as c1, i43.f1 as c2, 42 as c3
          from int4_tbl i42, int4_tbl i43) ss1
    on i8.q1 = ss1.c2
  on i41.f1 = ss1.c1,
  lateral (select i41.*, i8.*, ss1.* from text_tbl limit 1) ss2
where ss1.c2 = 0
-- ;
explain (costs off)
select * from
  (select 1 as id) as xx
  left join
    (tenk1 as a1 full join (select 1 as id) as yy on (a1.unique1 = yy.id))
  on (xx.id = coalesce(yy.id))
-- ;
select * from
  (select 1 as id) as xx
  left join
    (tenk1 as a1 full join (select 1 as id) as yy on (a1.unique1 = yy.id))
  on (xx.id = coalesce(yy.id))
-- ;
explain (costs off)
  select * from int4_tbl a left join tenk1 b on f1 = unique2 where f1 = 0
-- ;
explain (costs off)
  select * from tenk1 a full join tenk1 b using(unique2) where unique2 = 42
-- ;
explain (verbose, costs off)
  select a.q2, b.q1
    from int8_tbl a left join int8_tbl b on a.q2 = coalesce(b.q1, 1)
    where coalesce(b.q1, 1) > 0
-- ;
select a.q2, b.q1
  from int8_tbl a left join int8_tbl b on a.q2 = coalesce(b.q1, 1)
  where coalesce(b.q1, 1) > 0
-- ;
INSERT INTO a VALUES (0, 0), (1, NULL)
-- ;
INSERT INTO b VALUES (0, 0), (1, NULL)
-- ;
INSERT INTO c VALUES (0), (1)
-- ;
INSERT INTO d VALUES (1,3), (2,2), (3,1)
-- ;
explain (costs off) SELECT a.* FROM a LEFT JOIN b ON a.b_id = b.id
-- ;
explain (costs off) SELECT b.* FROM b LEFT JOIN c ON b.c_id = c.id
-- ;
explain (costs off)
  SELECT a.* FROM a LEFT JOIN (b left join c on b.c_id = c.id)
  ON (a.b_id = b.id)
-- ;
explain (costs off)
select id from a where id in (
	select b.id from b left join c on b.id = c.id
)
-- ;
explain (costs off)
select d.* from d left join (select * from b group by b.id, b.c_id) s
  on d.a = s.id and d.b = s.c_id
-- ;
explain (costs off)
select d.* from d left join (select distinct * from b) s
  on d.a = s.id and d.b = s.c_id
-- ;
explain (costs off)
select d.* from d left join (select * from b group by b.id, b.c_id) s
  on d.a = s.id
-- ;
explain (costs off)
select d.* from d left join (select distinct * from b) s
  on d.a = s.id
-- ;
explain (costs off)
select d.* from d left join (select id from a union select id from b) s
  on d.a = s.id
-- ;
explain (costs off)
select i8.* from int8_tbl i8 left join (select f1 from int4_tbl group by f1) i4
  on i8.q1 = i4.f1
-- ;
explain (costs off)
select 1 from (select a.id FROM a left join b on a.b_id = b.id) q,
			  lateral generate_series(1, q.id) gs(i) where q.id = gs.i
-- ;
insert into parent values (1, 10), (2, 20), (3, 30)
-- ;
insert into child values (1, 100), (4, 400)
-- ;
select p.* from parent p left join child c on (p.k = c.k)
-- ;
explain (costs off)
  select p.* from parent p left join child c on (p.k = c.k)
-- ;
select p.*, linked from parent p
  left join (select c.*, true as linked from child c) as ss
  on (p.k = ss.k)
-- ;
explain (costs off)
  select p.*, linked from parent p
    left join (select c.*, true as linked from child c) as ss
    on (p.k = ss.k)
-- ;
select p.* from
  parent p left join child c on (p.k = c.k)
  where p.k = 1 and p.k = 2
-- ;
explain (costs off)
select p.* from
  parent p left join child c on (p.k = c.k)
  where p.k = 1 and p.k = 2
-- ;
select p.* from
  (parent p left join child c on (p.k = c.k)) join parent x on p.k = x.k
  where p.k = 1 and p.k = 2
-- ;
explain (costs off)
select p.* from
  (parent p left join child c on (p.k = c.k)) join parent x on p.k = x.k
  where p.k = 1 and p.k = 2
-- ;
INSERT INTO a VALUES (0), (1)
-- ;
SELECT * FROM b LEFT JOIN a ON (b.a_id = a.id) WHERE (a.id IS NULL OR a.id > 0)
-- ;
SELECT b.* FROM b LEFT JOIN a ON (b.a_id = a.id) WHERE (a.id IS NULL OR a.id > 0)
-- ;
insert into innertab values(123, 42)
-- ;
SELECT * FROM
    (SELECT 1 AS x) ss1
  LEFT JOIN
    (SELECT q1, q2, COALESCE(dat1, q1) AS y
     FROM int8_tbl LEFT JOIN innertab ON q2 = id) ss2
  ON true
-- ;
explain (costs off)
select t1.* from
  uniquetbl as t1
  left join (select *, '***'::text as d1 from uniquetbl) t2
  on t1.f1 = t2.f1
  left join uniquetbl t3
  on t2.d1 = t3.f1
-- ;
explain (costs off)
select t0.*
from
 text_tbl t0
 left join
   (select case t1.ten when 0 then 'doh!'::text else null::text end as case1,
           t1.stringu2
     from tenk1 t1
     join int4_tbl i4 ON i4.f1 = t1.unique2
     left join uniquetbl u1 ON u1.f1 = t1.string4) ss
  on t0.f1 = ss.case1
where ss.stringu2 !~* ss.case1
-- ;
select t0.*
from
 text_tbl t0
 left join
   (select case t1.ten when 0 then 'doh!'::text else null::text end as case1,
           t1.stringu2
     from tenk1 t1
     join int4_tbl i4 ON i4.f1 = t1.unique2
     left join uniquetbl u1 ON u1.f1 = t1.string4) ss
  on t0.f1 = ss.case1
where ss.stringu2 !~* ss.case1
-- ;
explain (verbose, costs off)
select i8.*, ss.v, t.unique2
  from int8_tbl i8
    left join int4_tbl i4 on i4.f1 = 1
    left join lateral (select i4.f1 + 1 as v) as ss on true
    left join tenk1 t on t.unique2 = ss.v
where q2 = 456
-- ;
select i8.*, ss.v, t.unique2
  from int8_tbl i8
    left join int4_tbl i4 on i4.f1 = 1
    left join lateral (select i4.f1 + 1 as v) as ss on true
    left join tenk1 t on t.unique2 = ss.v
where q2 = 456
-- ;
insert into parttbl values (11), (12)
-- ;
explain (costs off)
select * from
  (select *, 12 as phv from parttbl) as ss
  right join int4_tbl on true
where ss.a = ss.phv and f1 = 0
-- ;
select * from
  (select *, 12 as phv from parttbl) as ss
  right join int4_tbl on true
where ss.a = ss.phv and f1 = 0
-- ;
select * from
  int8_tbl x join (int4_tbl x cross join int4_tbl y) j on q1 = f1
-- ;
select * from
  int8_tbl x join (int4_tbl x cross join int4_tbl y) j on q1 = y.f1
-- ;
select * from
  int8_tbl x join (int4_tbl x cross join int4_tbl y(ff)) j on q1 = f1
-- ;
select t1.uunique1 from
  tenk1 t1 join tenk2 t2 on t1.two = t2.two
-- ;
select t2.uunique1 from
  tenk1 t1 join tenk2 t2 on t1.two = t2.two
-- ;
select uunique1 from
  tenk1 t1 join tenk2 t2 on t1.two = t2.two
-- ;
select atts.relid::regclass, s.* from pg_stats s join
    pg_attribute a on s.attname = a.attname and s.tablename =
    a.attrelid::regclass::text join (select unnest(indkey) attnum,
    indexrelid from pg_index i) atts on atts.attnum = a.attnum where
    schemaname != 'pg_catalog'
-- ;
select unique2, x.*
from tenk1 a, lateral (select * from int4_tbl b where f1 = a.unique1) x
-- ;
explain (costs off)
  select unique2, x.*
  from tenk1 a, lateral (select * from int4_tbl b where f1 = a.unique1) x
-- ;
select unique2, x.*
from int4_tbl x, lateral (select unique2 from tenk1 where f1 = unique1) ss
-- ;
explain (costs off)
  select unique2, x.*
  from int4_tbl x, lateral (select unique2 from tenk1 where f1 = unique1) ss
-- ;
explain (costs off)
  select unique2, x.*
  from int4_tbl x cross join lateral (select unique2 from tenk1 where f1 = unique1) ss
-- ;
select unique2, x.*
from int4_tbl x left join lateral (select unique1, unique2 from tenk1 where f1 = unique1) ss on true
-- ;
explain (costs off)
  select unique2, x.*
  from int4_tbl x left join lateral (select unique1, unique2 from tenk1 where f1 = unique1) ss on true
-- ;
select *, (select r from (select q1 as q2) x, (select q2 as r) y) from int8_tbl
-- ;
select *, (select r from (select q1 as q2) x, lateral (select q2 as r) y) from int8_tbl
-- ;
select count(*) from tenk1 a, lateral generate_series(1,two) g
-- ;
explain (costs off)
  select count(*) from tenk1 a, lateral generate_series(1,two) g
-- ;
explain (costs off)
  select count(*) from tenk1 a cross join lateral generate_series(1,two) g
-- ;
explain (costs off)
  select count(*) from tenk1 a, generate_series(1,two) g
-- ;
explain (costs off)
  select * from generate_series(100,200) g,
    lateral (select * from int8_tbl a where g = q1 union all
             select * from int8_tbl b where g = q2) ss
-- ;
select * from generate_series(100,200) g,
  lateral (select * from int8_tbl a where g = q1 union all
           select * from int8_tbl b where g = q2) ss
-- ;
explain (costs off)
  select count(*) from tenk1 a,
    tenk1 b join lateral (values(a.unique1)) ss(x) on b.unique2 = ss.x
-- ;
select count(*) from tenk1 a,
  tenk1 b join lateral (values(a.unique1)) ss(x) on b.unique2 = ss.x
-- ;
explain (costs off)
  select count(*) from tenk1 a,
    tenk1 b join lateral (values(a.unique1),(-1)) ss(x) on b.unique2 = ss.x
-- ;
select count(*) from tenk1 a,
  tenk1 b join lateral (values(a.unique1),(-1)) ss(x) on b.unique2 = ss.x
-- ;
explain (costs off)
  select * from int8_tbl a,
    int8_tbl x left join lateral (select a.q1 from int4_tbl y) ss(z)
      on x.q2 = ss.z
  order by a.q1, a.q2, x.q1, x.q2, ss.z
-- ;
select * from int8_tbl a,
  int8_tbl x left join lateral (select a.q1 from int4_tbl y) ss(z)
    on x.q2 = ss.z
  order by a.q1, a.q2, x.q1, x.q2, ss.z
-- ;
select * from (select f1/2 as x from int4_tbl) ss1 join int4_tbl i4 on x = f1,
  lateral (select x) ss2(y)
-- ;
select * from (select f1 as x from int4_tbl) ss1 join int4_tbl i4 on x = f1,
  lateral (values(x)) ss2(y)
-- ;
select * from ((select f1/2 as x from int4_tbl) ss1 join int4_tbl i4 on x = f1) j,
  lateral (select x) ss2(y)
-- ;
select * from (values(1)) x(lb),
  lateral generate_series(lb,4) x4
-- ;
select * from (select f1/1000000000 from int4_tbl) x(lb),
  lateral generate_series(lb,4) x4
-- ;
select * from (values(1)) x(lb),
  lateral (values(lb)) y(lbcopy)
-- ;
select * from (values(1)) x(lb),
  lateral (select lb from int4_tbl) y(lbcopy)
-- ;
select * from
  int8_tbl x left join (select q1,coalesce(q2,0) q2 from int8_tbl) y on x.q2 = y.q1,
  lateral (values(x.q1,y.q1,y.q2)) v(xq1,yq1,yq2)
-- ;
select * from
  int8_tbl x left join (select q1,coalesce(q2,0) q2 from int8_tbl) y on x.q2 = y.q1,
  lateral (select x.q1,y.q1,y.q2) v(xq1,yq1,yq2)
-- ;
select x.* from
  int8_tbl x left join (select q1,coalesce(q2,0) q2 from int8_tbl) y on x.q2 = y.q1,
  lateral (select x.q1,y.q1,y.q2) v(xq1,yq1,yq2)
-- ;
select v.* from
  (int8_tbl x left join (select q1,coalesce(q2,0) q2 from int8_tbl) y on x.q2 = y.q1)
  left join int4_tbl z on z.f1 = x.q2,
  lateral (select x.q1,y.q1 union all select x.q2,y.q2) v(vx,vy)
-- ;
select v.* from
  (int8_tbl x left join (select q1,(select coalesce(q2,0)) q2 from int8_tbl) y on x.q2 = y.q1)
  left join int4_tbl z on z.f1 = x.q2,
  lateral (select x.q1,y.q1 union all select x.q2,y.q2) v(vx,vy)
-- ;
select v.* from
  (int8_tbl x left join (select q1,(select coalesce(q2,0)) q2 from int8_tbl) y on x.q2 = y.q1)
  left join int4_tbl z on z.f1 = x.q2,
  lateral (select x.q1,y.q1 from onerow union all select x.q2,y.q2 from onerow) v(vx,vy)
-- ;
explain (verbose, costs off)
select * from
  int8_tbl a left join
  lateral (select *, a.q2 as x from int8_tbl b) ss on a.q2 = ss.q1
-- ;
select * from
  int8_tbl a left join
  lateral (select *, a.q2 as x from int8_tbl b) ss on a.q2 = ss.q1
-- ;
explain (verbose, costs off)
select * from
  int8_tbl a left join
  lateral (select *, coalesce(a.q2, 42) as x from int8_tbl b) ss on a.q2 = ss.q1
-- ;
select * from
  int8_tbl a left join
  lateral (select *, coalesce(a.q2, 42) as x from int8_tbl b) ss on a.q2 = ss.q1
-- ;
explain (verbose, costs off)
select * from int4_tbl i left join
  lateral (select * from int2_tbl j where i.f1 = j.f1) k on true
-- ;
select * from int4_tbl i left join
  lateral (select * from int2_tbl j where i.f1 = j.f1) k on true
-- ;
explain (verbose, costs off)
select * from int4_tbl i left join
  lateral (select coalesce(i) from int2_tbl j where i.f1 = j.f1) k on true
-- ;
select * from int4_tbl i left join
  lateral (select coalesce(i) from int2_tbl j where i.f1 = j.f1) k on true
-- ;
explain (verbose, costs off)
select * from int4_tbl a,
  lateral (
    select * from int4_tbl b left join int8_tbl c on (b.f1 = q1 and a.f1 = q2)
  ) ss
-- ;
select * from int4_tbl a,
  lateral (
    select * from int4_tbl b left join int8_tbl c on (b.f1 = q1 and a.f1 = q2)
  ) ss
-- ;
explain (verbose, costs off)
select * from
  int8_tbl a left join lateral
  (select b.q1 as bq1, c.q1 as cq1, least(a.q1,b.q1,c.q1) from
   int8_tbl b cross join int8_tbl c) ss
  on a.q2 = ss.bq1
-- ;
select * from
  int8_tbl a left join lateral
  (select b.q1 as bq1, c.q1 as cq1, least(a.q1,b.q1,c.q1) from
   int8_tbl b cross join int8_tbl c) ss
  on a.q2 = ss.bq1
-- ;
explain (verbose, costs off)
select * from
  int8_tbl c left join (
    int8_tbl a left join (select q1, coalesce(q2,42) as x from int8_tbl b) ss1
      on a.q2 = ss1.q1
    cross join
    lateral (select q1, coalesce(ss1.x,q2) as y from int8_tbl d) ss2
  ) on c.q2 = ss2.q1,
  lateral (select ss2.y offset 0) ss3
-- ;
explain (verbose, costs off)
select * from
  (select 0 as val0) as ss0
  left join (select 1 as val) as ss1 on true
  left join lateral (select ss1.val as val_filtered where false) as ss2 on true
-- ;
select * from
  (select 0 as val0) as ss0
  left join (select 1 as val) as ss1 on true
  left join lateral (select ss1.val as val_filtered where false) as ss2 on true
-- ;
explain (verbose, costs off)
select c.*,a.*,ss1.q1,ss2.q1,ss3.* from
  int8_tbl c left join (
    int8_tbl a left join
      (select q1, coalesce(q2,f1) as x from int8_tbl b, int4_tbl b2
       where q1 < f1) ss1
      on a.q2 = ss1.q1
    cross join
    lateral (select q1, coalesce(ss1.x,q2) as y from int8_tbl d) ss2
  ) on c.q2 = ss2.q1,
  lateral (select * from int4_tbl i where ss2.y > f1) ss3
-- ;
explain (verbose, costs off)
select * from
  (select 1 as x offset 0) x cross join (select 2 as y offset 0) y
  left join lateral (
    select * from (select 3 as z offset 0) z where z.z = x.x
  ) zz on zz.z = y.y
-- ;
explain (verbose, costs off)
select * from int8_tbl i8 left join lateral
  (select *, i8.q2 from int4_tbl where false) ss on true
-- ;
explain (verbose, costs off)
select * from int8_tbl i8 left join lateral
  (select *, i8.q2 from int4_tbl i1, int4_tbl i2 where false) ss on true
-- ;
select * from
  ((select 2 as v) union all (select 3 as v)) as q1
  cross join lateral
  ((select * from
      ((select 4 as v) union all (select 5 as v)) as q3)
   union all
   (select q1.v)
  ) as q2
-- ;
explain (costs off)
select * from (
  select arrayd.ad, coalesce(c.hundred, 0) as h
  from unnest(array[1]) as arrayd(ad)
  left join lateral (
    select hundred from tenk1 where unique2 = arrayd.ad
  ) c on true
) c2
where c2.h * c2.ad = c2.h * (c2.ad + 1)
-- ;
select * from (
  select arrayd.ad, coalesce(c.hundred, 0) as h
  from unnest(array[1]) as arrayd(ad)
  left join lateral (
    select hundred from tenk1 where unique2 = arrayd.ad
  ) c on true
) c2
where c2.h * c2.ad = c2.h * (c2.ad + 1)
-- ;
SELECT * FROM (int8_tbl i cross join int4_tbl j) ss(a,b,c,d)
-- ;
explain (verbose, costs off)
select * from
  (values (0,9998), (1,1000)) v(id,x),
  lateral (select f1 from int4_tbl
           where f1 = any (select unique1 from tenk1
                           where unique2 = v.x offset 0)) ss
-- ;
select * from
  (values (0,9998), (1,1000)) v(id,x),
  lateral (select f1 from int4_tbl
           where f1 = any (select unique1 from tenk1
                           where unique2 = v.x offset 0)) ss
-- ;
explain (verbose, costs off)
select * from (values (0), (1)) v(id),
lateral (select * from int8_tbl t1,
         lateral (select * from
                    (select * from int8_tbl t2
                     where q1 = any (select q2 from int8_tbl t3
                                     where q2 = (select greatest(t1.q1,t2.q2))
                                       and (select v.id=0)) offset 0) ss2) ss
         where t1.q1 = ss.q2) ss0
-- ;
select * from (values (0), (1)) v(id),
lateral (select * from int8_tbl t1,
         lateral (select * from
                    (select * from int8_tbl t2
                     where q1 = any (select q2 from int8_tbl t3
                                     where q2 = (select greatest(t1.q1,t2.q2))
                                       and (select v.id=0)) offset 0) ss2) ss
         where t1.q1 = ss.q2) ss0
-- ;
select f1,g from int4_tbl a, (select f1 as g) ss
-- ;
select f1,g from int4_tbl a, (select a.f1 as g) ss
-- ;
select f1,g from int4_tbl a cross join (select f1 as g) ss
-- ;
select f1,g from int4_tbl a cross join (select a.f1 as g) ss
-- ;
select f1,g from int4_tbl a right join lateral generate_series(0, a.f1) g on true
-- ;
select f1,g from int4_tbl a full join lateral generate_series(0, a.f1) g on true
-- ;
select * from
  int8_tbl x cross join (int4_tbl x cross join lateral (select x.f1) ss)
-- ;
select 1 from tenk1 a, lateral (select max(a.unique1) from int4_tbl b) ss
-- ;
create temp table xx1 as select f1 as x1, -f1 as x2 from int4_tbl
-- ;
update xx1 set x2 = f1 from (select * from int4_tbl where f1 = x1) ss
-- ;
update xx1 set x2 = f1 from (select * from int4_tbl where f1 = xx1.x1) ss
-- ;
update xx1 set x2 = f1 from lateral (select * from int4_tbl where f1 = x1) ss
-- ;
update xx1 set x2 = f1 from xx1, lateral (select * from int4_tbl where f1 = x1) ss
-- ;
delete from xx1 using (select * from int4_tbl where f1 = x1) ss
-- ;
delete from xx1 using (select * from int4_tbl where f1 = xx1.x1) ss
-- ;
delete from xx1 using lateral (select * from int4_tbl where f1 = x1) ss
-- ;
insert into join_pt1 values (1, 1, 'x'), (101, 101, 'y')
-- ;
insert into join_ut1 values (101, 101, 'y'), (2, 2, 'z')
-- ;
explain (verbose, costs off)
select t1.b, ss.phv from join_ut1 t1 left join lateral
              (select t2.a as t2a, t3.a t3a, least(t1.a, t2.a, t3.a) phv
					  from join_pt1 t2 join join_ut1 t3 on t2.a = t3.b) ss
              on t1.a = ss.t2a order by t1.a
-- ;
select t1.b, ss.phv from join_ut1 t1 left join lateral
              (select t2.a as t2a, t3.a t3a, least(t1.a, t2.a, t3.a) phv
					  from join_pt1 t2 join join_ut1 t3 on t2.a = t3.b) ss
              on t1.a = ss.t2a order by t1.a
-- ;
insert into fkest select x, x/10, x/10, x/100 from generate_series(1,1000) x
-- ;
explain (costs off)
select * from fkest f1
  join fkest f2 on (f1.x = f2.x and f1.x10 = f2.x10b and f1.x100 = f2.x100)
  join fkest f3 on f1.x = f3.x
  where f1.x100 = 2
-- ;
insert into fkest select x/10, x%10, x from generate_series(1,1000) x
-- ;
insert into fkest1 select x/10, x%10 from generate_series(1,1000) x
-- ;
explain (costs off)
select *
from fkest f
  left join fkest1 f1 on f.a = f1.a and f.b = f1.b
  left join fkest1 f2 on f.a = f2.a and f.b = f2.b
  left join fkest1 f3 on f.a = f3.a and f.b = f3.b
where f.c = 1
-- ;
insert into j1 values(1),(2),(3)
-- ;
insert into j2 values(1),(2),(3)
-- ;
insert into j3 values(1),(1)
-- ;
explain (verbose, costs off)
select * from j1 inner join j2 on j1.id = j2.id
-- ;
explain (verbose, costs off)
select * from j1 inner join j2 on j1.id > j2.id
-- ;
explain (verbose, costs off)
select * from j1 inner join j3 on j1.id = j3.id
-- ;
explain (verbose, costs off)
select * from j1 left join j2 on j1.id = j2.id
-- ;
explain (verbose, costs off)
select * from j1 right join j2 on j1.id = j2.id
-- ;
explain (verbose, costs off)
select * from j1 full join j2 on j1.id = j2.id
-- ;
explain (verbose, costs off)
select * from j1 cross join j2
-- ;
explain (verbose, costs off)
select * from j1 natural join j2
-- ;
explain (verbose, costs off)
select * from j1
inner join (select distinct id from j3) j3 on j1.id = j3.id
-- ;
explain (verbose, costs off)
select * from j1
inner join (select id from j3 group by id) j3 on j1.id = j3.id
-- ;
insert into j1 values(1,1),(1,2)
-- ;
insert into j2 values(1,1)
-- ;
insert into j3 values(1,1)
-- ;
explain (verbose, costs off)
select * from j1
inner join j2 on j1.id1 = j2.id1
-- ;
explain (verbose, costs off)
select * from j1
inner join j2 on j1.id1 = j2.id1 and j1.id2 = j2.id2
-- ;
explain (verbose, costs off)
select * from j1
inner join j2 on j1.id1 = j2.id1 where j1.id2 = 1
-- ;
explain (verbose, costs off)
select * from j1
left join j2 on j1.id1 = j2.id1 where j1.id2 = 1
-- ;
explain (verbose, costs off)
select * from j1
inner join j2 on j1.id2 = j2.id2
-- ;
explain (costs off) select * from j1
inner join j2 on j1.id1 = j2.id1 and j1.id2 = j2.id2
where j1.id1 % 1000 = 1 and j2.id1 % 1000 = 1
-- ;
select * from j1
inner join j2 on j1.id1 = j2.id1 and j1.id2 = j2.id2
where j1.id1 % 1000 = 1 and j2.id1 % 1000 = 1
-- ;
explain (costs off) select * from j1
inner join j2 on j1.id1 = j2.id1 and j1.id2 = j2.id2
where j1.id1 % 1000 = 1 and j2.id1 % 1000 = 1 and j2.id1 = any (array[1])
-- ;
select * from j1
inner join j2 on j1.id1 = j2.id1 and j1.id2 = j2.id2
where j1.id1 % 1000 = 1 and j2.id1 % 1000 = 1 and j2.id1 = any (array[1])
-- ;
explain (costs off) select * from j1
inner join j2 on j1.id1 = j2.id1 and j1.id2 = j2.id2
where j1.id1 % 1000 = 1 and j2.id1 % 1000 = 1 and j2.id1 >= any (array[1,5])
-- ;
select * from j1
inner join j2 on j1.id1 = j2.id1 and j1.id2 = j2.id2
where j1.id1 % 1000 = 1 and j2.id1 % 1000 = 1 and j2.id1 >= any (array[1,5])
-- ;
explain (verbose, costs off)
select t1.unique1, t2.hundred
from onek t1, tenk1 t2
where exists (select 1 from tenk1 t3
              where t3.thousand = t1.unique1 and t3.tenthous = t2.hundred)
      and t1.unique1 < 1
-- ;
create table j3 as select unique1, tenthous from onek
-- ;
explain (verbose, costs off)
select t1.unique1, t2.hundred
from onek t1, tenk1 t2
where exists (select 1 from j3
              where j3.unique1 = t1.unique1 and j3.tenthous = t2.hundred)
      and t1.unique1 < 1
-- ;
SELECT 1 AS two UNION SELECT 2 ORDER BY 1
-- ;
SELECT 1 AS one UNION SELECT 1 ORDER BY 1
-- ;
SELECT 1 AS two UNION ALL SELECT 2
-- ;
SELECT 1 AS two UNION ALL SELECT 1
-- ;
SELECT 1 AS three UNION SELECT 2 UNION SELECT 3 ORDER BY 1
-- ;
SELECT 1 AS two UNION SELECT 2 UNION SELECT 2 ORDER BY 1
-- ;
SELECT 1 AS three UNION SELECT 2 UNION ALL SELECT 2 ORDER BY 1
-- ;
SELECT 1.1 AS two UNION SELECT 2.2 ORDER BY 1
-- ;
SELECT 1.1 AS two UNION SELECT 2 ORDER BY 1
-- ;
SELECT 1 AS two UNION SELECT 2.2 ORDER BY 1
-- ;
SELECT 1 AS one UNION SELECT 1.0::float8 ORDER BY 1
-- ;
SELECT 1.1 AS two UNION ALL SELECT 2 ORDER BY 1
-- ;
SELECT 1.0::float8 AS two UNION ALL SELECT 1 ORDER BY 1
-- ;
SELECT 1.1 AS three UNION SELECT 2 UNION SELECT 3 ORDER BY 1
-- ;
SELECT 1.1::float8 AS two UNION SELECT 2 UNION SELECT 2.0::float8 ORDER BY 1
-- ;
SELECT 1.1 AS three UNION SELECT 2 UNION ALL SELECT 2 ORDER BY 1
-- ;
SELECT 1.1 AS two UNION (SELECT 2 UNION ALL SELECT 2) ORDER BY 1
-- ;
SELECT f1 AS five FROM FLOAT8_TBL
UNION
SELECT f1 FROM FLOAT8_TBL
ORDER BY 1
-- ;
SELECT f1 AS ten FROM FLOAT8_TBL
UNION ALL
SELECT f1 FROM FLOAT8_TBL
-- ;
SELECT f1 AS nine FROM FLOAT8_TBL
UNION
SELECT f1 FROM INT4_TBL
ORDER BY 1
-- ;
SELECT f1 AS ten FROM FLOAT8_TBL
UNION ALL
SELECT f1 FROM INT4_TBL
-- ;
SELECT f1 AS five FROM FLOAT8_TBL
  WHERE f1 BETWEEN -1e6 AND 1e6
UNION
SELECT f1 FROM INT4_TBL
  WHERE f1 BETWEEN 0 AND 1000000
ORDER BY 1
-- ;
SELECT CAST(f1 AS char(4)) AS three FROM VARCHAR_TBL
UNION
SELECT f1 FROM CHAR_TBL
ORDER BY 1
-- ;
SELECT f1 AS three FROM VARCHAR_TBL
UNION
SELECT CAST(f1 AS varchar) FROM CHAR_TBL
ORDER BY 1
-- ;
SELECT f1 AS eight FROM VARCHAR_TBL
UNION ALL
SELECT f1 FROM CHAR_TBL
-- ;
SELECT f1 AS five FROM TEXT_TBL
UNION
SELECT f1 FROM VARCHAR_TBL
UNION
SELECT TRIM(TRAILING FROM f1) FROM CHAR_TBL
ORDER BY 1
-- ;
SELECT q2 FROM int8_tbl INTERSECT SELECT q1 FROM int8_tbl ORDER BY 1
-- ;
SELECT q2 FROM int8_tbl INTERSECT ALL SELECT q1 FROM int8_tbl ORDER BY 1
-- ;
SELECT q2 FROM int8_tbl EXCEPT SELECT q1 FROM int8_tbl ORDER BY 1
-- ;
SELECT q2 FROM int8_tbl EXCEPT ALL SELECT q1 FROM int8_tbl ORDER BY 1
-- ;
SELECT q2 FROM int8_tbl EXCEPT ALL SELECT DISTINCT q1 FROM int8_tbl ORDER BY 1
-- ;
SELECT q1 FROM int8_tbl EXCEPT SELECT q2 FROM int8_tbl ORDER BY 1
-- ;
SELECT q1 FROM int8_tbl EXCEPT ALL SELECT q2 FROM int8_tbl ORDER BY 1
-- ;
SELECT q1 FROM int8_tbl EXCEPT ALL SELECT DISTINCT q2 FROM int8_tbl ORDER BY 1
-- ;
SELECT q1 FROM int8_tbl EXCEPT ALL SELECT q1 FROM int8_tbl FOR NO KEY UPDATE
-- ;
(SELECT 1,2,3 UNION SELECT 4,5,6) INTERSECT SELECT 4,5,6
-- ;
(SELECT 1,2,3 UNION SELECT 4,5,6 ORDER BY 1,2) INTERSECT SELECT 4,5,6
-- ;
(SELECT 1,2,3 UNION SELECT 4,5,6) EXCEPT SELECT 4,5,6
-- ;
(SELECT 1,2,3 UNION SELECT 4,5,6 ORDER BY 1,2) EXCEPT SELECT 4,5,6
-- ;
explain (costs off)
select count(*) from
  ( select unique1 from tenk1 union select fivethous from tenk1 ) ss
-- ;
select count(*) from
  ( select unique1 from tenk1 union select fivethous from tenk1 ) ss
-- ;
explain (costs off)
select count(*) from
  ( select unique1 from tenk1 intersect select fivethous from tenk1 ) ss
-- ;
select count(*) from
  ( select unique1 from tenk1 intersect select fivethous from tenk1 ) ss
-- ;
explain (costs off)
select unique1 from tenk1 except select unique2 from tenk1 where unique2 != 10
-- ;
select unique1 from tenk1 except select unique2 from tenk1 where unique2 != 10
-- ;
explain (costs off)
select x from (values (100::money), (200::money)) _(x) union select x from (values (100::money), (300::money)) _(x)
-- ;
explain (costs off)
select x from (values (array[1, 2]), (array[1, 3])) _(x) union select x from (values (array[1, 2]), (array[1, 4])) _(x)
-- ;
select x from (values (array[1, 2]), (array[1, 3])) _(x) union select x from (values (array[1, 2]), (array[1, 4])) _(x)
-- ;
explain (costs off)
select x from (values (array[1, 2]), (array[1, 3])) _(x) intersect select x from (values (array[1, 2]), (array[1, 4])) _(x)
-- ;
select x from (values (array[1, 2]), (array[1, 3])) _(x) intersect select x from (values (array[1, 2]), (array[1, 4])) _(x)
-- ;
explain (costs off)
select x from (values (array[1, 2]), (array[1, 3])) _(x) except select x from (values (array[1, 2]), (array[1, 4])) _(x)
-- ;
select x from (values (array[1, 2]), (array[1, 3])) _(x) except select x from (values (array[1, 2]), (array[1, 4])) _(x)
-- ;
explain (costs off)
select x from (values (array[100::money]), (array[200::money])) _(x) union select x from (values (array[100::money]), (array[300::money])) _(x)
-- ;
select x from (values (array[100::money]), (array[200::money])) _(x) union select x from (values (array[100::money]), (array[300::money])) _(x)
-- ;
explain (costs off)
select x from (values (row(1, 2)), (row(1, 3))) _(x) union select x from (values (row(1, 2)), (row(1, 4))) _(x)
-- ;
select x from (values (row(1, 2)), (row(1, 3))) _(x) union select x from (values (row(1, 2)), (row(1, 4))) _(x)
-- ;
explain (costs off)
select x from (values (row(1, 2)), (row(1, 3))) _(x) intersect select x from (values (row(1, 2)), (row(1, 4))) _(x)
-- ;
select x from (values (row(1, 2)), (row(1, 3))) _(x) intersect select x from (values (row(1, 2)), (row(1, 4))) _(x)
-- ;
explain (costs off)
select x from (values (row(1, 2)), (row(1, 3))) _(x) except select x from (values (row(1, 2)), (row(1, 4))) _(x)
-- ;
select x from (values (row(1, 2)), (row(1, 3))) _(x) except select x from (values (row(1, 2)), (row(1, 4))) _(x)
-- ;
explain (costs off)
select x from (values (row(100::money)), (row(200::money))) _(x) union select x from (values (row(100::money)), (row(300::money))) _(x)
-- ;
select x from (values (row(100::money)), (row(200::money))) _(x) union select x from (values (row(100::money)), (row(300::money))) _(x)
-- ;
explain (costs off)
select x from (values (row(100::money)::ct1), (row(200::money)::ct1)) _(x) union select x from (values (row(100::money)::ct1), (row(300::money)::ct1)) _(x)
-- ;
select x from (values (row(100::money)::ct1), (row(200::money)::ct1)) _(x) union select x from (values (row(100::money)::ct1), (row(300::money)::ct1)) _(x)
-- ;
SELECT f1 FROM float8_tbl INTERSECT SELECT f1 FROM int4_tbl ORDER BY 1
-- ;
SELECT f1 FROM float8_tbl EXCEPT SELECT f1 FROM int4_tbl ORDER BY 1
-- ;
SELECT q1 FROM int8_tbl INTERSECT SELECT q2 FROM int8_tbl UNION ALL SELECT q2 FROM int8_tbl  ORDER BY 1
-- ;
SELECT q1 FROM int8_tbl INTERSECT (((SELECT q2 FROM int8_tbl UNION ALL SELECT q2 FROM int8_tbl))) ORDER BY 1
-- ;
(((SELECT q1 FROM int8_tbl INTERSECT SELECT q2 FROM int8_tbl ORDER BY 1))) UNION ALL SELECT q2 FROM int8_tbl
-- ;
SELECT q1 FROM int8_tbl UNION ALL SELECT q2 FROM int8_tbl EXCEPT SELECT q1 FROM int8_tbl ORDER BY 1
-- ;
SELECT q1 FROM int8_tbl UNION ALL (((SELECT q2 FROM int8_tbl EXCEPT SELECT q1 FROM int8_tbl ORDER BY 1)))
-- ;
SELECT q1,q2 FROM int8_tbl EXCEPT SELECT q2,q1 FROM int8_tbl
ORDER BY q2,q1
-- ;
SELECT q1 FROM int8_tbl EXCEPT SELECT q2 FROM int8_tbl ORDER BY q2 LIMIT 1
-- ;
SELECT q1 FROM int8_tbl EXCEPT (((SELECT q2 FROM int8_tbl ORDER BY q2 LIMIT 1))) ORDER BY 1
-- ;
(((((select * from int8_tbl)))))
-- ;
select union select
-- ;
select intersect select
-- ;
select except select
-- ;
explain (costs off)
select from generate_series(1,5) union select from generate_series(1,3)
-- ;
explain (costs off)
select from generate_series(1,5) intersect select from generate_series(1,3)
-- ;
select from generate_series(1,5) union select from generate_series(1,3)
-- ;
select from generate_series(1,5) union all select from generate_series(1,3)
-- ;
select from generate_series(1,5) intersect select from generate_series(1,3)
-- ;
select from generate_series(1,5) intersect all select from generate_series(1,3)
-- ;
select from generate_series(1,5) except select from generate_series(1,3)
-- ;
select from generate_series(1,5) except all select from generate_series(1,3)
-- ;
SELECT a.f1 FROM (SELECT 'test' AS f1 FROM varchar_tbl) a
UNION
SELECT b.f1 FROM (SELECT f1 FROM varchar_tbl) b
ORDER BY 1
-- ;
SELECT '3.4'::numeric UNION SELECT 'foo'
-- ;
INSERT INTO t1 VALUES ('a', 'b'), ('x', 'y')
-- ;
INSERT INTO t2 VALUES ('ab'), ('xy')
-- ;
explain (costs off)
 SELECT * FROM
 (SELECT a || b AS ab FROM t1
  UNION ALL
  SELECT * FROM t2) t
 WHERE ab = 'ab'
-- ;
explain (costs off)
 SELECT * FROM
 (SELECT a || b AS ab FROM t1
  UNION
  SELECT * FROM t2) t
 WHERE ab = 'ab'
-- ;
INSERT INTO t1c VALUES ('v', 'w'), ('c', 'd'), ('m', 'n'), ('e', 'f')
-- ;
INSERT INTO t2c VALUES ('vw'), ('cd'), ('mn'), ('ef')
-- ;
explain (costs off)
  SELECT * FROM
  (SELECT a || b AS ab FROM t1
   UNION ALL
   SELECT ab FROM t2) t
  ORDER BY 1 LIMIT 8
-- ;
SELECT * FROM
  (SELECT a || b AS ab FROM t1
   UNION ALL
   SELECT ab FROM t2) t
  ORDER BY 1 LIMIT 8
-- ;
explain (costs off)
select event_id
 from (select event_id from events
       union all
       select event_id from other_events) ss
 order by event_id
-- ;
explain (costs off)
 SELECT * FROM
  (SELECT 1 AS t, * FROM tenk1 a
   UNION ALL
   SELECT 2 AS t, * FROM tenk1 b) c
 WHERE t = 2
-- ;
explain (costs off)
SELECT * FROM
  (SELECT 1 AS t, 2 AS x
   UNION
   SELECT 2 AS t, 4 AS x) ss
WHERE x < 4
ORDER BY x
-- ;
SELECT * FROM
  (SELECT 1 AS t, 2 AS x
   UNION
   SELECT 2 AS t, 4 AS x) ss
WHERE x < 4
ORDER BY x
-- ;
explain (costs off)
SELECT * FROM
  (SELECT 1 AS t, generate_series(1,10) AS x
   UNION
   SELECT 2 AS t, 4 AS x) ss
WHERE x < 4
ORDER BY x
-- ;
SELECT * FROM
  (SELECT 1 AS t, generate_series(1,10) AS x
   UNION
   SELECT 2 AS t, 4 AS x) ss
WHERE x < 4
ORDER BY x
-- ;
explain (costs off)
SELECT * FROM
  (SELECT 1 AS t, (random()*3)::int AS x
   UNION
   SELECT 2 AS t, 4 AS x) ss
WHERE x > 3
ORDER BY x
-- ;
SELECT * FROM
  (SELECT 1 AS t, (random()*3)::int AS x
   UNION
   SELECT 2 AS t, 4 AS x) ss
WHERE x > 3
ORDER BY x
-- ;
explain (costs off)
select distinct q1 from
  (select distinct * from int8_tbl i81
   union all
   select distinct * from int8_tbl i82) ss
where q2 = q2
-- ;
select distinct q1 from
  (select distinct * from int8_tbl i81
   union all
   select distinct * from int8_tbl i82) ss
where q2 = q2
-- ;
explain (costs off)
select distinct q1 from
  (select distinct * from int8_tbl i81
   union all
   select distinct * from int8_tbl i82) ss
where -q1 = q2
-- ;
select distinct q1 from
  (select distinct * from int8_tbl i81
   union all
   select distinct * from int8_tbl i82) ss
where -q1 = q2
-- ;
create temp table t3 as select generate_series(-1000,1000) as x
-- ;
explain (costs off)
select * from
  (select * from t3 a union all select * from t3 b) ss
  join int4_tbl on f1 = expensivefunc(x)
-- ;
select * from
  (select * from t3 a union all select * from t3 b) ss
  join int4_tbl on f1 = expensivefunc(x)
-- ;
explain (costs off)
select * from
  (select *, 0 as x from int8_tbl a
   union all
   select *, 1 as x from int8_tbl b) ss
where (x = 0) or (q1 >= q2 and q1 <= q2)
-- ;
select * from
  (select *, 0 as x from int8_tbl a
   union all
   select *, 1 as x from int8_tbl b) ss
where (x = 0) or (q1 >= q2 and q1 <= q2)
-- ;
WITH q1(x,y) AS (SELECT 1,2)
SELECT * FROM q1, q1 AS q2
-- ;
SELECT count(*) FROM (
  WITH q1(x) AS (SELECT random() FROM generate_series(1, 5))
    SELECT * FROM q1
  UNION
    SELECT * FROM q1
) ss
-- ;
WITH RECURSIVE t(n) AS (
    VALUES (1)
UNION ALL
    SELECT n+1 FROM t WHERE n < 100
)
SELECT sum(n) FROM t
-- ;
WITH RECURSIVE t(n) AS (
    SELECT (VALUES(1))
UNION ALL
    SELECT n+1 FROM t WHERE n < 5
)
SELECT * FROM t
-- ;
WITH RECURSIVE t(n) AS (
    VALUES (1::money)
UNION
    SELECT n+1::money FROM t WHERE n < 100::money
)
SELECT sum(n) FROM t
-- ;
CREATE RECURSIVE VIEW nums (n) AS
    VALUES (1)
UNION ALL
    SELECT n+1 FROM nums WHERE n < 5
-- ;
SELECT * FROM nums
-- ;
CREATE OR REPLACE RECURSIVE VIEW nums (n) AS
    VALUES (1)
UNION ALL
    SELECT n+1 FROM nums WHERE n < 6
-- ;
WITH RECURSIVE t(n) AS (
    SELECT 1
UNION
    SELECT 10-n FROM t)
SELECT * FROM t
-- ;
WITH RECURSIVE t(n) AS (
    VALUES (1)
UNION ALL
    SELECT n+1 FROM t)
SELECT * FROM t LIMIT 10
-- ;
WITH RECURSIVE t(n) AS (
    SELECT 1
UNION
    SELECT n+1 FROM t)
SELECT * FROM t LIMIT 10
-- ;
WITH q AS (SELECT 'foo' AS x)
SELECT x, pg_typeof(x) FROM q
-- ;
WITH RECURSIVE t(n) AS (
    SELECT 'foo'
UNION ALL
    SELECT n || ' bar' FROM t WHERE length(n) < 20
)
SELECT n, pg_typeof(n) FROM t
-- ;
WITH RECURSIVE t(n) AS (
    SELECT '7'
UNION ALL
    SELECT n+1 FROM t WHERE n < 10
)
SELECT n, pg_typeof(n) FROM t
-- ;
WITH RECURSIVE w1(c1) AS
 (WITH w2(c2) AS
  (WITH w3(c3) AS
   (WITH w4(c4) AS
    (WITH w5(c5) AS
     (WITH RECURSIVE w6(c6) AS
      (WITH w6(c6) AS
       (WITH w8(c8) AS
        (SELECT 1)
        SELECT * FROM w8)
       SELECT * FROM w6)
      SELECT * FROM w6)
     SELECT * FROM w5)
    SELECT * FROM w4)
   SELECT * FROM w3)
  SELECT * FROM w2)
SELECT * FROM w1
-- ;
WITH RECURSIVE outermost(x) AS (
 SELECT 1
 UNION (WITH innermost1 AS (
  SELECT 2
  UNION (WITH innermost2 AS (
   SELECT 3
   UNION (WITH innermost3 AS (
    SELECT 4
    UNION (WITH innermost4 AS (
     SELECT 5
     UNION (WITH innermost5 AS (
      SELECT 6
      UNION (WITH innermost6 AS
       (SELECT 7)
       SELECT * FROM innermost6))
      SELECT * FROM innermost5))
     SELECT * FROM innermost4))
    SELECT * FROM innermost3))
   SELECT * FROM innermost2))
  SELECT * FROM outermost
  UNION SELECT * FROM innermost1)
 )
 SELECT * FROM outermost ORDER BY 1
-- ;
INSERT INTO department VALUES (0, NULL, 'ROOT')
-- ;
INSERT INTO department VALUES (1, 0, 'A')
-- ;
WITH RECURSIVE subdepartment AS
(
	-- non recursive term
	SELECT name as root_name, * FROM department WHERE name = 'A'

	UNION ALL

	-- recursive term
	SELECT sd.root_name, d.* FROM department AS d, subdepartment AS sd
		WHERE d.parent_department = sd.id
)
SELECT * FROM subdepartment ORDER BY name
-- ;
WITH RECURSIVE subdepartment(level, id, parent_department, name) AS
(
	-- non recursive term
	SELECT 1, * FROM department WHERE name = 'A'

	UNION ALL

	-- recursive term
	SELECT sd.level + 1, d.* FROM department AS d, subdepartment AS sd
		WHERE d.parent_department = sd.id
)
SELECT * FROM subdepartment ORDER BY name
-- ;
WITH RECURSIVE subdepartment(level, id, parent_department, name) AS
(
	-- non recursive term
	SELECT 1, * FROM department WHERE name = 'A'

	UNION ALL

	-- recursive term
	SELECT sd.level + 1, d.* FROM department AS d, subdepartment AS sd
		WHERE d.parent_department = sd.id
)
SELECT * FROM subdepartment WHERE level >= 2 ORDER BY name
-- ;
WITH RECURSIVE subdepartment AS
(
	-- note lack of recursive UNION structure
	SELECT * FROM department WHERE name = 'A'
)
SELECT * FROM subdepartment ORDER BY name
-- ;
SELECT count(*) FROM (
    WITH RECURSIVE t(n) AS (
        SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 500
    )
    SELECT * FROM t) AS t WHERE n < (
        SELECT count(*) FROM (
            WITH RECURSIVE t(n) AS (
                   SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 100
                )
            SELECT * FROM t WHERE n < 50000
         ) AS t WHERE n < 100)
-- ;
WITH q1(x,y) AS (
    SELECT hundred, sum(ten) FROM tenk1 GROUP BY hundred
  )
SELECT count(*) FROM q1 WHERE y > (SELECT sum(y)/100 FROM q1 qsub)
-- ;
CREATE TEMPORARY VIEW vsubdepartment AS
	WITH RECURSIVE subdepartment AS
	(
		 -- non recursive term
		SELECT * FROM department WHERE name = 'A'
		UNION ALL
		-- recursive term
		SELECT d.* FROM department AS d, subdepartment AS sd
			WHERE d.parent_department = sd.id
	)
	SELECT * FROM subdepartment
-- ;
SELECT * FROM vsubdepartment ORDER BY name
-- ;
SELECT pg_get_viewdef('vsubdepartment'::regclass)
-- ;
SELECT pg_get_viewdef('vsubdepartment'::regclass, true)
-- ;
CREATE VIEW sums_1_100 AS
WITH RECURSIVE t(n) AS (
    VALUES (1)
UNION ALL
    SELECT n+1 FROM t WHERE n < 100
)
SELECT sum(n) FROM t
-- ;
with recursive q as (
      select * from department
    union all
      (with x as (select * from q)
       select * from x)
    )
select * from q limit 24
-- ;
with recursive q as (
      select * from department
    union all
      (with recursive x as (
           select * from department
         union all
           (select * from q union all select * from x)
        )
       select * from x)
    )
select * from q limit 32
-- ;
WITH RECURSIVE t(i,j) AS (
	VALUES (1,2)
	UNION ALL
	SELECT t2.i, t.j+1 FROM
		(SELECT 2 AS i UNION ALL SELECT 3 AS i) AS t2
		JOIN t ON (t2.i = t.i+1))

	SELECT * FROM t
-- ;
INSERT INTO tree
VALUES (1, NULL), (2, 1), (3,1), (4,2), (5,2), (6,2), (7,3), (8,3),
       (9,4), (10,4), (11,7), (12,7), (13,7), (14, 9), (15,11), (16,11)
-- ;
WITH RECURSIVE t(id, path) AS (
    VALUES(1,ARRAY[]::integer[])
UNION ALL
    SELECT tree.id, t.path || tree.id
    FROM tree JOIN t ON (tree.parent_id = t.id)
)
SELECT t1.*, t2.* FROM t AS t1 JOIN t AS t2 ON
	(t1.path[1] = t2.path[1] AND
	array_upper(t1.path,1) = 1 AND
	array_upper(t2.path,1) > 1)
	ORDER BY t1.id, t2.id
-- ;
WITH RECURSIVE t(id, path) AS (
    VALUES(1,ARRAY[]::integer[])
UNION ALL
    SELECT tree.id, t.path || tree.id
    FROM tree JOIN t ON (tree.parent_id = t.id)
)
SELECT t1.id, count(t2.*) FROM t AS t1 JOIN t AS t2 ON
	(t1.path[1] = t2.path[1] AND
	array_upper(t1.path,1) = 1 AND
	array_upper(t2.path,1) > 1)
	GROUP BY t1.id
	ORDER BY t1.id
-- ;
WITH RECURSIVE t(id, path) AS (
    VALUES(1,ARRAY[]::integer[])
UNION ALL
    SELECT tree.id, t.path || tree.id
    FROM tree JOIN t ON (tree.parent_id = t.id)
)
SELECT t1.id, t2.path, t2 FROM t AS t1 JOIN t AS t2 ON
(t1.id=t2.id)
-- ;
INSERT INTO duplicates VALUES(1), (1)
-- ;
WITH RECURSIVE cte (a) as (
	SELECT a FROM duplicates
	UNION
	SELECT a FROM cte
)
SELECT a FROM cte
-- ;
insert into graph0 values
	(1, 2, 'arc 1 -> 2'),
	(1, 3, 'arc 1 -> 3'),
	(2, 3, 'arc 2 -> 3'),
	(1, 4, 'arc 1 -> 4'),
	(4, 5, 'arc 4 -> 5')
-- ;
explain (verbose, costs off)
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set seq
select * from search_graph order by seq
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set seq
select * from search_graph order by seq
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union distinct
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set seq
select * from search_graph order by seq
-- ;
explain (verbose, costs off)
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search breadth first by f, t set seq
select * from search_graph order by seq
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search breadth first by f, t set seq
select * from search_graph order by seq
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union distinct
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search breadth first by f, t set seq
select * from search_graph order by seq
-- ;
explain (verbose, costs off)
with recursive test as (
  select 1 as x
  union all
  select x + 1
  from test
) search depth first by x set y
select * from test limit 5
-- ;
with recursive test as (
  select 1 as x
  union all
  select x + 1
  from test
) search depth first by x set y
select * from test limit 5
-- ;
explain (verbose, costs off)
with recursive test as (
  select 1 as x
  union all
  select x + 1
  from test
) search breadth first by x set y
select * from test limit 5
-- ;
with recursive test as (
  select 1 as x
  union all
  select x + 1
  from test
) search breadth first by x set y
select * from test limit 5
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by foo, tar set seq
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set label
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by f, t, f set seq
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set seq
select * from search_graph order by seq
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	(select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t)
) search depth first by f, t set seq
select * from search_graph order by seq
-- ;
with recursive x(col) as (
	select 1
	union
	(with x as (select * from x)
	 select * from x)
) search depth first by col set seq
select * from x
-- ;
create temp view v_search as
with recursive search_graph(f, t, label) as (
	select * from graph0 g
	union all
	select g.*
	from graph0 g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set seq
select f, t, label from search_graph
-- ;
select pg_get_viewdef('v_search')
-- ;
select * from v_search
-- ;
insert into graph values
	(1, 2, 'arc 1 -> 2'),
	(1, 3, 'arc 1 -> 3'),
	(2, 3, 'arc 2 -> 3'),
	(1, 4, 'arc 1 -> 4'),
	(4, 5, 'arc 4 -> 5'),
	(5, 1, 'arc 5 -> 1')
-- ;
with recursive search_graph(f, t, label, is_cycle, path) as (
	select *, false, array[row(g.f, g.t)] from graph g
	union all
	select g.*, row(g.f, g.t) = any(path), path || row(g.f, g.t)
	from graph g, search_graph sg
	where g.f = sg.t and not is_cycle
)
select * from search_graph
-- ;
with recursive search_graph(f, t, label, is_cycle, path) as (
	select *, false, array[row(g.f, g.t)] from graph g
	union distinct
	select g.*, row(g.f, g.t) = any(path), path || row(g.f, g.t)
	from graph g, search_graph sg
	where g.f = sg.t and not is_cycle
)
select * from search_graph
-- ;
with recursive search_graph(f, t, label, is_cycle, path) as (
	select *, false, array[row(g.f, g.t)] from graph g
	union all
	select g.*, row(g.f, g.t) = any(path), path || row(g.f, g.t)
	from graph g, search_graph sg
	where g.f = sg.t and not is_cycle
)
select * from search_graph order by path
-- ;
explain (verbose, costs off)
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union distinct
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle to 'Y' default 'N' using path
select * from search_graph
-- ;
explain (verbose, costs off)
with recursive test as (
  select 0 as x
  union all
  select (x + 1) % 10
  from test
) cycle x set is_cycle using path
select * from test
-- ;
with recursive test as (
  select 0 as x
  union all
  select (x + 1) % 10
  from test
) cycle x set is_cycle using path
select * from test
-- ;
with recursive test as (
  select 0 as x
  union all
  select (x + 1) % 10
  from test
    where not is_cycle  -- redundant, but legal
) cycle x set is_cycle using path
select * from test
-- ;
with recursive
graph(f, t, label) as (
  values (1, 2, 'arc 1 -> 2'),
         (1, 3, 'arc 1 -> 3'),
         (2, 3, 'arc 2 -> 3'),
         (1, 4, 'arc 1 -> 4'),
         (4, 5, 'arc 4 -> 5'),
         (5, 1, 'arc 5 -> 1')
),
search_graph(f, t, label) as (
        select * from graph g
        union all
        select g.*
        from graph g, search_graph sg
        where g.f = sg.t
) cycle f, t set is_cycle to true default false using path
select f, t, label from search_graph
-- ;
with recursive a as (
	select 1 as b
	union all
	select * from a
) cycle b set c using p
select * from a
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set seq
  cycle f, t set is_cycle using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) search breadth first by f, t set seq
  cycle f, t set is_cycle using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle foo, tar set is_cycle using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle to true default 55 using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle to point '(1,1)' default point '(0,0)' using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set label to true default false using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle to true default false using label
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set foo to true default false using foo
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t, f set is_cycle to true default false using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set foo
  cycle f, t set foo to true default false using path
select * from search_graph
-- ;
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) search depth first by f, t set foo
  cycle f, t set is_cycle to true default false using foo
select * from search_graph
-- ;
create temp view v_cycle1 as
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle using path
select f, t, label from search_graph
-- ;
create temp view v_cycle2 as
with recursive search_graph(f, t, label) as (
	select * from graph g
	union all
	select g.*
	from graph g, search_graph sg
	where g.f = sg.t
) cycle f, t set is_cycle to 'Y' default 'N' using path
select f, t, label from search_graph
-- ;
select pg_get_viewdef('v_cycle1')
-- ;
select pg_get_viewdef('v_cycle2')
-- ;
select * from v_cycle1
-- ;
select * from v_cycle2
-- ;
WITH RECURSIVE
  y (id) AS (VALUES (1)),
  x (id) AS (SELECT * FROM y UNION ALL SELECT id+1 FROM x WHERE id < 5)
SELECT * FROM x
-- ;
WITH RECURSIVE
    x(id) AS (SELECT * FROM y UNION ALL SELECT id+1 FROM x WHERE id < 5),
    y(id) AS (values (1))
 SELECT * FROM x
-- ;
WITH RECURSIVE
   x(id) AS
     (VALUES (1) UNION ALL SELECT id+1 FROM x WHERE id < 5),
   y(id) AS
     (VALUES (1) UNION ALL SELECT id+1 FROM y WHERE id < 10)
 SELECT y.*, x.* FROM y LEFT JOIN x USING (id)
-- ;
WITH RECURSIVE
   x(id) AS
     (VALUES (1) UNION ALL SELECT id+1 FROM x WHERE id < 5),
   y(id) AS
     (VALUES (1) UNION ALL SELECT id+1 FROM x WHERE id < 10)
 SELECT y.*, x.* FROM y LEFT JOIN x USING (id)
-- ;
WITH RECURSIVE
   x(id) AS
     (SELECT 1 UNION ALL SELECT id+1 FROM x WHERE id < 3 ),
   y(id) AS
     (SELECT * FROM x UNION ALL SELECT * FROM x),
   z(id) AS
     (SELECT * FROM x UNION ALL SELECT id+1 FROM z WHERE id < 10)
 SELECT * FROM z
-- ;
WITH RECURSIVE
   x(id) AS
     (SELECT 1 UNION ALL SELECT id+1 FROM x WHERE id < 3 ),
   y(id) AS
     (SELECT * FROM x UNION ALL SELECT * FROM x),
   z(id) AS
     (SELECT * FROM y UNION ALL SELECT id+1 FROM z WHERE id < 10)
 SELECT * FROM z
-- ;
INSERT INTO y SELECT generate_series(1, 10)
-- ;
WITH t AS (
	SELECT a FROM y
)
INSERT INTO y
SELECT a+20 FROM t RETURNING *
-- ;
WITH t AS (
	SELECT a FROM y
)
UPDATE y SET a = y.a-10 FROM t WHERE y.a > 20 AND t.a = y.a RETURNING y.a
-- ;
WITH RECURSIVE t(a) AS (
	SELECT 11
	UNION ALL
	SELECT a+1 FROM t WHERE a < 50
)
DELETE FROM y USING t WHERE t.a = y.a RETURNING y.a
-- ;
WITH x(n, b) AS (SELECT 1)
SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 INTERSECT SELECT n+1 FROM x)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 INTERSECT ALL SELECT n+1 FROM x)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 EXCEPT SELECT n+1 FROM x)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 EXCEPT ALL SELECT n+1 FROM x)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT n FROM x)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT n FROM x UNION ALL SELECT 1)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (
  WITH x1 AS (SELECT 1 AS n)
    SELECT 0
    UNION
    SELECT * FROM x1)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (
  WITH x1 AS (SELECT 1 FROM x)
    SELECT 0
    UNION
    SELECT * FROM x1)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (
  (WITH x1 AS (SELECT 1 FROM x) SELECT * FROM x1)
  UNION
  SELECT 0)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (
  SELECT 0 UNION SELECT 1
  ORDER BY (SELECT n FROM x))
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (
  WITH sub_cte AS (SELECT * FROM x)
  DELETE FROM graph RETURNING f)
	SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT a FROM y WHERE a = 1
	UNION ALL
	SELECT x.n+1 FROM y LEFT JOIN x ON x.n = y.a WHERE n < 10)
SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT a FROM y WHERE a = 1
	UNION ALL
	SELECT x.n+1 FROM x RIGHT JOIN y ON x.n = y.a WHERE n < 10)
SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT a FROM y WHERE a = 1
	UNION ALL
	SELECT x.n+1 FROM x FULL JOIN y ON x.n = y.a WHERE n < 10)
SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x
                          WHERE n IN (SELECT * FROM x))
  SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT count(*) FROM x)
  SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT sum(n) FROM x)
  SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x ORDER BY 1)
  SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x LIMIT 10 OFFSET 1)
  SELECT * FROM x
-- ;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x FOR UPDATE)
  SELECT * FROM x
-- ;
WITH RECURSIVE x(id) AS (values (1)
    UNION ALL
    SELECT (SELECT * FROM x) FROM x WHERE id < 5
) SELECT * FROM x
-- ;
WITH RECURSIVE
  x (id) AS (SELECT 1 UNION ALL SELECT id+1 FROM y WHERE id < 5),
  y (id) AS (SELECT 1 UNION ALL SELECT id+1 FROM x WHERE id < 5)
SELECT * FROM x
-- ;
WITH RECURSIVE foo(i) AS
    (values (1)
    UNION ALL
       (SELECT i+1 FROM foo WHERE i < 10
          UNION ALL
       SELECT i+1 FROM foo WHERE i < 5)
) SELECT * FROM foo
-- ;
WITH RECURSIVE foo(i) AS
    (values (1)
    UNION ALL
	   SELECT * FROM
       (SELECT i+1 FROM foo WHERE i < 10
          UNION ALL
       SELECT i+1 FROM foo WHERE i < 5) AS t
) SELECT * FROM foo
-- ;
WITH RECURSIVE foo(i) AS
    (values (1)
    UNION ALL
       (SELECT i+1 FROM foo WHERE i < 10
          EXCEPT
       SELECT i+1 FROM foo WHERE i < 5)
) SELECT * FROM foo
-- ;
WITH RECURSIVE foo(i) AS
    (values (1)
    UNION ALL
       (SELECT i+1 FROM foo WHERE i < 10
          INTERSECT
       SELECT i+1 FROM foo WHERE i < 5)
) SELECT * FROM foo
-- ;
WITH RECURSIVE foo(i) AS
   (SELECT i FROM (VALUES(1),(2)) t(i)
   UNION ALL
   SELECT (i+1)::numeric(10,0) FROM foo WHERE i < 10)
SELECT * FROM foo
-- ;
WITH RECURSIVE foo(i) AS
   (SELECT i::numeric(3,0) FROM (VALUES(1),(2)) t(i)
   UNION ALL
   SELECT (i+1)::numeric(10,0) FROM foo WHERE i < 10)
SELECT * FROM foo
-- ;
CREATE RULE r2 AS ON UPDATE TO x DO INSTEAD
    WITH t AS (SELECT OLD.*) UPDATE y SET a = t.n FROM t
-- ;
with cte(foo) as ( values(42) ) values((select foo from cte))
-- ;
with cte(foo) as ( select 42 ) select * from ((select foo from cte)) q
-- ;
select ( with cte(foo) as ( values(f1) )
         select (select foo from cte) )
from int4_tbl
-- ;
select ( with cte(foo) as ( values(f1) )
          values((select foo from cte)) )
from int4_tbl
-- ;
select f1, (with cte1(x,y) as (select 1,2)
            select count((select i4.f1 from cte1))) as ss
from int4_tbl i4
-- ;
explain (verbose, costs off)
with a as ( select id from (values (1), (2)) as v(id) ),
     b as ( select max((select sum(id) from a)) as agg )
select agg from b
-- ;
with a as ( select id from (values (1), (2)) as v(id) ),
     b as ( select max((select sum(id) from a)) as agg )
select agg from b
-- ;
WITH RECURSIVE t(j) AS (
    WITH RECURSIVE s(i) AS (
        VALUES (1)
        UNION ALL
        SELECT i+1 FROM s WHERE i < 10
    )
    SELECT i FROM s
    UNION ALL
    SELECT j+1 FROM t WHERE j < 10
)
SELECT * FROM t
-- ;
WITH outermost(x) AS (
  SELECT 1
  UNION (WITH innermost as (SELECT 2)
         SELECT * FROM innermost
         UNION SELECT 3)
)
SELECT * FROM outermost ORDER BY 1
-- ;
WITH outermost(x) AS (
  SELECT 1
  UNION (WITH innermost as (SELECT 2)
         SELECT * FROM outermost  -- fail
         UNION SELECT * FROM innermost)
)
SELECT * FROM outermost ORDER BY 1
-- ;
WITH RECURSIVE outermost(x) AS (
  SELECT 1
  UNION (WITH innermost as (SELECT 2)
         SELECT * FROM outermost
         UNION SELECT * FROM innermost)
)
SELECT * FROM outermost ORDER BY 1
-- ;
WITH RECURSIVE outermost(x) AS (
  WITH innermost as (SELECT 2 FROM outermost) -- fail
    SELECT * FROM innermost
    UNION SELECT * from outermost
)
SELECT * FROM outermost ORDER BY 1
-- ;
with
A as ( select q2 as id, (select q1) as x from int8_tbl ),
B as ( select id, row_number() over (partition by id) as r from A ),
C as ( select A.id, array(select B.id from B where B.id = A.id) from A )
select * from C
-- ;
WITH RECURSIVE
  tab(id_key,link) AS (VALUES (1,17), (2,17), (3,17), (4,17), (6,17), (5,17)),
  iter (id_key, row_type, link) AS (
      SELECT 0, 'base', 17
    UNION ALL (
      WITH remaining(id_key, row_type, link, min) AS (
        SELECT tab.id_key, 'true'::text, iter.link, MIN(tab.id_key) OVER ()
        FROM tab INNER JOIN iter USING (link)
        WHERE tab.id_key > iter.id_key
      ),
      first_remaining AS (
        SELECT id_key, row_type, link
        FROM remaining
        WHERE id_key=min
      ),
      effect AS (
        SELECT tab.id_key, 'new'::text, tab.link
        FROM first_remaining e INNER JOIN tab ON e.id_key=tab.id_key
        WHERE e.row_type = 'false'
      )
      SELECT * FROM first_remaining
      UNION ALL SELECT * FROM effect
    )
  )
SELECT * FROM iter
-- ;
WITH RECURSIVE
  tab(id_key,link) AS (VALUES (1,17), (2,17), (3,17), (4,17), (6,17), (5,17)),
  iter (id_key, row_type, link) AS (
      SELECT 0, 'base', 17
    UNION (
      WITH remaining(id_key, row_type, link, min) AS (
        SELECT tab.id_key, 'true'::text, iter.link, MIN(tab.id_key) OVER ()
        FROM tab INNER JOIN iter USING (link)
        WHERE tab.id_key > iter.id_key
      ),
      first_remaining AS (
        SELECT id_key, row_type, link
        FROM remaining
        WHERE id_key=min
      ),
      effect AS (
        SELECT tab.id_key, 'new'::text, tab.link
        FROM first_remaining e INNER JOIN tab ON e.id_key=tab.id_key
        WHERE e.row_type = 'false'
      )
      SELECT * FROM first_remaining
      UNION ALL SELECT * FROM effect
    )
  )
SELECT * FROM iter
-- ;
WITH t AS (
    INSERT INTO y
    VALUES
        (11),
        (12),
        (13),
        (14),
        (15),
        (16),
        (17),
        (18),
        (19),
        (20)
    RETURNING *
)
SELECT * FROM t
-- ;
WITH t AS (
    UPDATE y
    SET a=a+1
    RETURNING *
)
SELECT * FROM t
-- ;
WITH t AS (
    DELETE FROM y
    WHERE a <= 10
    RETURNING *
)
SELECT * FROM t
-- ;
WITH RECURSIVE t AS (
	INSERT INTO y
		SELECT a+5 FROM t2 WHERE a > 5
	RETURNING *
), t2 AS (
	UPDATE y SET a=a-11 RETURNING *
)
SELECT * FROM t
UNION ALL
SELECT * FROM t2
-- ;
CREATE RULE y_rule AS ON DELETE TO y DO INSTEAD
  INSERT INTO y VALUES(42) RETURNING *
-- ;
WITH t AS (
	DELETE FROM y RETURNING *
)
SELECT * FROM t
-- ;
CREATE TEMP TABLE bug6051 AS
  select i from generate_series(1,3) as t(i)
-- ;
SELECT * FROM bug6051
-- ;
WITH t1 AS ( DELETE FROM bug6051 RETURNING * )
INSERT INTO bug6051 SELECT * FROM t1
-- ;
SELECT * FROM bug6051_2
-- ;
CREATE OR REPLACE RULE bug6051_ins AS ON INSERT TO bug6051 DO INSTEAD
 INSERT INTO bug6051_2
 SELECT NEW.i
-- ;
CREATE TEMP TABLE bug6051_3 AS
  SELECT a FROM generate_series(11,13) AS a
-- ;
WITH t1 AS ( DELETE FROM bug6051_3 RETURNING * )
  INSERT INTO bug6051_3 SELECT * FROM t1
-- ;
SELECT * FROM bug6051_3
-- ;
CREATE TEMP VIEW id_alw2_view AS SELECT * FROM id_alw2
-- ;
CREATE TEMP VIEW id_alw3_view AS SELECT * FROM id_alw3
-- ;
WITH t4 AS (INSERT INTO id_alw4 DEFAULT VALUES RETURNING i)
  INSERT INTO id_alw3_view DEFAULT VALUES RETURNING i
-- ;
SELECT * from id_alw1
-- ;
SELECT * from id_alw2
-- ;
SELECT * from id_alw3
-- ;
SELECT * from id_alw4
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT q1 FROM
(
  WITH t_cte AS (SELECT * FROM int8_tbl t)
  SELECT q1, (SELECT q2 FROM t_cte WHERE t_cte.q1 = i8.q1) AS t_sub
  FROM int8_tbl i8
) ss
-- ;
SELECT q1 FROM
(
  WITH t_cte AS (SELECT * FROM int8_tbl t)
  SELECT q1, (SELECT q2 FROM t_cte WHERE t_cte.q1 = i8.q1) AS t_sub
  FROM int8_tbl i8
) ss
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT q1 FROM
(
  WITH t_cte AS MATERIALIZED (SELECT * FROM int8_tbl t)
  SELECT q1, (SELECT q2 FROM t_cte WHERE t_cte.q1 = i8.q1) AS t_sub
  FROM int8_tbl i8
) ss
-- ;
SELECT q1 FROM
(
  WITH t_cte AS MATERIALIZED (SELECT * FROM int8_tbl t)
  SELECT q1, (SELECT q2 FROM t_cte WHERE t_cte.q1 = i8.q1) AS t_sub
  FROM int8_tbl i8
) ss
-- ;
WITH RECURSIVE t(a) AS (
	SELECT 0
		UNION ALL
	SELECT a+1 FROM t WHERE a+1 < 5
), t2 as (
	INSERT INTO y
		SELECT * FROM t RETURNING *
)
SELECT * FROM t2 JOIN y USING (a) ORDER BY a
-- ;
WITH t AS (
    DELETE FROM y
    WHERE a <= 10
    RETURNING *
)
INSERT INTO y SELECT -a FROM t RETURNING *
-- ;
WITH t AS (
    UPDATE y SET a = a * 100 RETURNING *
)
SELECT * FROM t LIMIT 10
-- ;
CREATE TABLE withz AS SELECT i AS k, (i || ' v')::text v FROM generate_series(1, 16, 3) i
-- ;
WITH t AS (
    INSERT INTO withz SELECT i, 'insert'
    FROM generate_series(0, 16) i
    ON CONFLICT (k) DO UPDATE SET v = withz.v || ', now update'
    RETURNING *
)
SELECT * FROM t JOIN y ON t.k = y.a ORDER BY a, k
-- ;
WITH aa AS (
    INSERT INTO withz VALUES(1, 5) ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v
    WHERE withz.k != EXCLUDED.k
    RETURNING *
)
SELECT * FROM aa
-- ;
SELECT * FROM withz ORDER BY k
-- ;
WITH aa AS (SELECT 1 a, 2 b)
INSERT INTO withz VALUES(1, 'insert')
ON CONFLICT (k) DO UPDATE SET v = (SELECT b || ' update' FROM aa WHERE a = 1 LIMIT 1)
-- ;
WITH aa AS (SELECT 1 a, 2 b)
INSERT INTO withz VALUES(1, 'insert')
ON CONFLICT (k) DO UPDATE SET v = ' update' WHERE withz.k = (SELECT a FROM aa)
-- ;
WITH aa AS (SELECT 'a' a, 'b' b UNION ALL SELECT 'a' a, 'b' b)
INSERT INTO withz VALUES(1, 'insert')
ON CONFLICT (k) DO UPDATE SET v = (SELECT b || ' update' FROM aa WHERE a = 'a' LIMIT 1)
-- ;
WITH aa AS (SELECT 1 a, 2 b)
INSERT INTO withz VALUES(1, (SELECT b || ' insert' FROM aa WHERE a = 1 ))
ON CONFLICT (k) DO UPDATE SET v = (SELECT b || ' update' FROM aa WHERE a = 1 LIMIT 1)
-- ;
WITH simpletup AS (
  SELECT 2 k, 'Green' v),
upsert_cte AS (
  INSERT INTO withz VALUES(2, 'Blue') ON CONFLICT (k) DO
    UPDATE SET (k, v) = (SELECT k, v FROM simpletup WHERE simpletup.k = withz.k)
    RETURNING k, v)
INSERT INTO withz VALUES(2, 'Red') ON CONFLICT (k) DO
UPDATE SET (k, v) = (SELECT k, v FROM upsert_cte WHERE upsert_cte.k = withz.k)
RETURNING k, v
-- ;
CREATE TABLE m AS SELECT i AS k, (i || ' v')::text v FROM generate_series(1, 16, 3) i
-- ;
WITH RECURSIVE cte_basic AS (SELECT 1 a, 'cte_basic val' b)
MERGE INTO m USING (select 0 k, 'merge source SubPlan' v) o ON m.k=o.k
WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' merge update' FROM cte_basic WHERE cte_basic.a = m.k LIMIT 1)
WHEN NOT MATCHED THEN INSERT VALUES(o.k, o.v)
-- ;
WITH cte_basic AS MATERIALIZED (SELECT 1 a, 'cte_basic val' b)
MERGE INTO m USING (select 0 k, 'merge source SubPlan' v offset 0) o ON m.k=o.k
WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' merge update' FROM cte_basic WHERE cte_basic.a = m.k LIMIT 1)
WHEN NOT MATCHED THEN INSERT VALUES(o.k, o.v)
-- ;
SELECT * FROM m where k = 0
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
WITH cte_basic AS MATERIALIZED (SELECT 1 a, 'cte_basic val' b)
MERGE INTO m USING (select 0 k, 'merge source SubPlan' v offset 0) o ON m.k=o.k
WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' merge update' FROM cte_basic WHERE cte_basic.a = m.k LIMIT 1)
WHEN NOT MATCHED THEN INSERT VALUES(o.k, o.v)
-- ;
WITH cte_init AS MATERIALIZED (SELECT 1 a, 'cte_init val' b)
MERGE INTO m USING (select 1 k, 'merge source InitPlan' v offset 0) o ON m.k=o.k
WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' merge update' FROM cte_init WHERE a = 1 LIMIT 1)
WHEN NOT MATCHED THEN INSERT VALUES(o.k, o.v)
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
WITH cte_init AS MATERIALIZED (SELECT 1 a, 'cte_init val' b)
MERGE INTO m USING (select 1 k, 'merge source InitPlan' v offset 0) o ON m.k=o.k
WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' merge update' FROM cte_init WHERE a = 1 LIMIT 1)
WHEN NOT MATCHED THEN INSERT VALUES(o.k, o.v)
-- ;
WITH merge_source_cte AS MATERIALIZED (SELECT 15 a, 'merge_source_cte val' b)
MERGE INTO m USING (select * from merge_source_cte) o ON m.k=o.a
WHEN MATCHED THEN UPDATE SET v = (SELECT b || merge_source_cte.*::text || ' merge update' FROM merge_source_cte WHERE a = 15)
WHEN NOT MATCHED THEN INSERT VALUES(o.a, o.b || (SELECT merge_source_cte.*::text || ' merge insert' FROM merge_source_cte))
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
WITH merge_source_cte AS MATERIALIZED (SELECT 15 a, 'merge_source_cte val' b)
MERGE INTO m USING (select * from merge_source_cte) o ON m.k=o.a
WHEN MATCHED THEN UPDATE SET v = (SELECT b || merge_source_cte.*::text || ' merge update' FROM merge_source_cte WHERE a = 15)
WHEN NOT MATCHED THEN INSERT VALUES(o.a, o.b || (SELECT merge_source_cte.*::text || ' merge insert' FROM merge_source_cte))
-- ;
TRUNCATE TABLE y
-- ;
INSERT INTO y SELECT generate_series(1, 3)
-- ;
WITH RECURSIVE t1 AS (
  INSERT INTO y SELECT * FROM y RETURNING *
), t2 AS (
  INSERT INTO yy SELECT * FROM t1 RETURNING *
)
SELECT 1
-- ;
SELECT * FROM yy
-- ;
WITH RECURSIVE t1 AS (
  INSERT INTO yy SELECT * FROM t2 RETURNING *
), t2 AS (
  INSERT INTO y SELECT * FROM y RETURNING *
)
SELECT 1
-- ;
CREATE FUNCTION y_trigger() RETURNS trigger AS $$
begin
  raise notice 'y_trigger: a = %', new.a;
  return new;
end;
$$ LANGUAGE plpgsql
-- ;
WITH t AS (
    INSERT INTO y
    VALUES
        (21),
        (22),
        (23)
    RETURNING *
)
SELECT * FROM t
-- ;
WITH t AS (
    INSERT INTO y
    VALUES
        (31),
        (32),
        (33)
    RETURNING *
)
SELECT * FROM t LIMIT 1
-- ;
WITH t AS (
    INSERT INTO y
    VALUES
        (41),
        (42),
        (43)
    RETURNING *
)
SELECT * FROM t
-- ;
INSERT INTO parent VALUES ( 1, 'p1' )
-- ;
INSERT INTO child1 VALUES ( 11, 'c11' ),( 12, 'c12' )
-- ;
INSERT INTO child2 VALUES ( 23, 'c21' ),( 24, 'c22' )
-- ;
WITH rcte AS ( SELECT sum(id) AS totalid FROM parent )
UPDATE parent SET id = id + totalid FROM rcte
-- ;
SELECT * FROM parent
-- ;
WITH wcte AS ( INSERT INTO child1 VALUES ( 42, 'new' ) RETURNING id AS newid )
UPDATE parent SET id = id + newid FROM wcte
-- ;
WITH rcte AS ( SELECT max(id) AS maxid FROM parent )
DELETE FROM parent USING rcte WHERE id = maxid
-- ;
WITH wcte AS ( INSERT INTO child2 VALUES ( 42, 'new2' ) RETURNING id AS newid )
DELETE FROM parent USING wcte WHERE id = newid
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
WITH wcte AS ( INSERT INTO int8_tbl VALUES ( 42, 47 ) RETURNING q2 )
DELETE FROM a_star USING wcte WHERE aa = q2
-- ;
WITH RECURSIVE t AS (
	INSERT INTO y
		SELECT * FROM t
)
VALUES(FALSE)
-- ;
WITH t AS (
	INSERT INTO y VALUES(0)
)
SELECT * FROM t
-- ;
SELECT * FROM (
	WITH t AS (UPDATE y SET a=a+1 RETURNING *)
	SELECT * FROM t
) ss
-- ;
WITH t AS (
	INSERT INTO y VALUES(0)
)
VALUES(FALSE)
-- ;
CREATE OR REPLACE RULE y_rule AS ON INSERT TO y DO ALSO NOTIFY foo
-- ;
with ordinality as (select 1 as x) select * from ordinality
-- ;
WITH with_test AS (SELECT 42) INSERT INTO with_test VALUES (1)
-- ;
with with_test as (select 42) insert into with_test select * from with_test
-- ;
select * from with_test
-- ;
INSERT INTO CASE_TBL VALUES (1, 10.1)
-- ;
INSERT INTO CASE_TBL VALUES (4, NULL)
-- ;
INSERT INTO CASE2_TBL VALUES (1, -1)
-- ;
INSERT INTO CASE2_TBL VALUES (1, NULL)
-- ;
INSERT INTO CASE2_TBL VALUES (NULL, -6)
-- ;
SELECT '3' AS "One",
  CASE
    WHEN 1 < 2 THEN 3
  END AS "Simple WHEN"
-- ;
SELECT '<NULL>' AS "One",
  CASE
    WHEN 1 > 2 THEN 3
  END AS "Simple default"
-- ;
SELECT '3' AS "One",
  CASE
    WHEN 1 < 2 THEN 3
    ELSE 4
  END AS "Simple ELSE"
-- ;
SELECT '4' AS "One",
  CASE
    WHEN 1 > 2 THEN 3
    ELSE 4
  END AS "ELSE default"
-- ;
SELECT '6' AS "One",
  CASE
    WHEN 1 > 2 THEN 3
    WHEN 4 < 5 THEN 6
    ELSE 7
  END AS "Two WHEN with default"
-- ;
SELECT '7' AS "None",
   CASE WHEN random() < 0 THEN 1
   END AS "NULL on no matches"
-- ;
SELECT CASE WHEN 1=0 THEN 1/0 WHEN 1=1 THEN 1 ELSE 2/0 END
-- ;
SELECT CASE 1 WHEN 0 THEN 1/0 WHEN 1 THEN 1 ELSE 2/0 END
-- ;
SELECT CASE WHEN i > 100 THEN 1/0 ELSE 0 END FROM case_tbl
-- ;
SELECT CASE 'a' WHEN 'a' THEN 1 ELSE 2 END
-- ;
SELECT
  CASE
    WHEN i >= 3 THEN i
  END AS ">= 3 or Null"
  FROM CASE_TBL
-- ;
SELECT
  CASE WHEN i >= 3 THEN (i + i)
       ELSE i
  END AS "Simplest Math"
  FROM CASE_TBL
-- ;
SELECT i AS "Value",
  CASE WHEN (i < 0) THEN 'small'
       WHEN (i = 0) THEN 'zero'
       WHEN (i = 1) THEN 'one'
       WHEN (i = 2) THEN 'two'
       ELSE 'big'
  END AS "Category"
  FROM CASE_TBL
-- ;
SELECT
  CASE WHEN ((i < 0) or (i < 0)) THEN 'small'
       WHEN ((i = 0) or (i = 0)) THEN 'zero'
       WHEN ((i = 1) or (i = 1)) THEN 'one'
       WHEN ((i = 2) or (i = 2)) THEN 'two'
       ELSE 'big'
  END AS "Category"
  FROM CASE_TBL
-- ;
SELECT * FROM CASE_TBL WHERE COALESCE(f,i) = 4
-- ;
SELECT * FROM CASE_TBL WHERE NULLIF(f,i) = 2
-- ;
SELECT COALESCE(a.f, b.i, b.j)
  FROM CASE_TBL a, CASE2_TBL b
-- ;
SELECT *
  FROM CASE_TBL a, CASE2_TBL b
  WHERE COALESCE(a.f, b.i, b.j) = 2
-- ;
SELECT NULLIF(a.i,b.i) AS "NULLIF(a.i,b.i)",
  NULLIF(b.i, 4) AS "NULLIF(b.i,4)"
  FROM CASE_TBL a, CASE2_TBL b
-- ;
SELECT *
  FROM CASE_TBL a, CASE2_TBL b
  WHERE COALESCE(f,b.i) = 2
-- ;
explain (costs off)
SELECT * FROM CASE_TBL WHERE NULLIF(1, 2) = 2
-- ;
explain (costs off)
SELECT * FROM CASE_TBL WHERE NULLIF(1, 1) IS NOT NULL
-- ;
explain (costs off)
SELECT * FROM CASE_TBL WHERE NULLIF(1, null) = 2
-- ;
UPDATE CASE_TBL
  SET i = CASE WHEN i >= 3 THEN (- i)
                ELSE (2 * i) END
-- ;
SELECT * FROM CASE_TBL
-- ;
UPDATE CASE_TBL
  SET i = CASE WHEN i >= 2 THEN (2 * i)
                ELSE (3 * i) END
-- ;
UPDATE CASE_TBL
  SET i = CASE WHEN b.i >= 2 THEN (2 * j)
                ELSE (3 * j) END
  FROM CASE2_TBL b
  WHERE j = -CASE_TBL.i
-- ;
CREATE FUNCTION vol(text) returns text as
  'begin return $1; end' language plpgsql volatile
-- ;
SELECT CASE
  (CASE vol('bar')
    WHEN 'foo' THEN 'it was foo!'
    WHEN vol(null) THEN 'null input'
    WHEN 'bar' THEN 'it was bar!' END
  )
  WHEN 'it was foo!' THEN 'foo recognized'
  WHEN 'it was bar!' THEN 'bar recognized'
  ELSE 'unrecognized' END
-- ;
SELECT CASE volfoo('bar') WHEN 'foo'::foodomain THEN 'is foo' ELSE 'is not foo' END
-- ;
CREATE FUNCTION ad_eq(arrdomain, arrdomain) returns boolean as
  'begin return array_eq($1, $2); end' language plpgsql
-- ;
SELECT CASE make_ad(1,2)
  WHEN array[2,4]::arrdomain THEN 'wrong'
  WHEN array[2,5]::arrdomain THEN 'still wrong'
  WHEN array[1,2]::arrdomain THEN 'right'
  END
-- ;
SELECT NULLIF(make_ad(1,2), array[2,3]::arrdomain)
-- ;
SELECT
  CASE 'foo'::text
    WHEN 'foo' THEN ARRAY['a', 'b', 'c', 'd'] || enum_range(NULL::casetestenum)::text[]
    ELSE ARRAY['x', 'y']
    END
-- ;
SELECT avg(a) AS avg_32 FROM aggtest WHERE a < 100
-- ;
SELECT avg(b)::numeric(10,3) AS avg_107_943 FROM aggtest
-- ;
SELECT avg(gpa) AS avg_3_4 FROM ONLY student
-- ;
SELECT sum(b) AS avg_431_773 FROM aggtest
-- ;
SELECT sum(gpa) AS avg_6_8 FROM ONLY student
-- ;
SELECT max(four) AS max_3 FROM onek
-- ;
SELECT max(a) AS max_100 FROM aggtest
-- ;
SELECT max(aggtest.b) AS max_324_78 FROM aggtest
-- ;
SELECT stddev_samp(b) FROM aggtest
-- ;
SELECT stddev_samp(b::numeric) FROM aggtest
-- ;
SELECT var_pop(b::numeric) FROM aggtest
-- ;
SELECT stddev_pop('inf'::float8), stddev_samp('inf'::float8)
-- ;
SELECT var_pop('nan'::float8), var_samp('nan'::float8)
-- ;
SELECT var_pop(1.0::float4), var_samp(2.0::float4)
-- ;
SELECT var_pop('nan'::float4), var_samp('nan'::float4)
-- ;
SELECT stddev_pop('nan'::float4), stddev_samp('nan'::float4)
-- ;
SELECT var_pop(1.0::numeric), var_samp(2.0::numeric)
-- ;
SELECT stddev_pop(3.0::numeric), stddev_samp(4.0::numeric)
-- ;
SELECT stddev_pop('inf'::numeric), stddev_samp('inf'::numeric)
-- ;
SELECT stddev_pop('nan'::numeric), stddev_samp('nan'::numeric)
-- ;
select avg(null::int4) from generate_series(1,3)
-- ;
select avg(null::float8) from generate_series(1,3)
-- ;
select sum('NaN'::numeric) from generate_series(1,3)
-- ;
SELECT sum(x::float8), avg(x::float8), var_pop(x::float8)
FROM (VALUES ('1'), ('infinity')) v(x)
-- ;
SELECT sum(x::float8), avg(x::float8), var_pop(x::float8)
FROM (VALUES ('infinity'), ('1')) v(x)
-- ;
SELECT sum(x::float8), avg(x::float8), var_pop(x::float8)
FROM (VALUES ('-infinity'), ('-infinity')) v(x)
-- ;
SELECT sum(x::numeric), avg(x::numeric), var_pop(x::numeric)
FROM (VALUES ('infinity'), ('infinity')) v(x)
-- ;
SELECT regr_count(b, a) FROM aggtest
-- ;
SELECT regr_avgx(b, a), regr_avgy(b, a) FROM aggtest
-- ;
SELECT corr(b, a) FROM aggtest
-- ;
SELECT count(*), sum(x), regr_sxx(y,x), sum(y),regr_syy(y,x), regr_sxy(y,x)
FROM regr_test WHERE x IN (10,20,30)
-- ;
SELECT float8_regr_combine('{0,0,0,0,0,0}'::float8[],
                           '{2,180,200,740,57800,-3400}'::float8[])
-- ;
select ten, count(four), sum(DISTINCT four) from onek
group by ten order by ten
-- ;
SELECT newavg(four) AS avg_1 FROM onek
-- ;
SELECT newcnt(*) AS cnt_1000 FROM onek
-- ;
SELECT oldcnt(*) AS cnt_1000 FROM onek
-- ;
SELECT sum2(q1,q2) FROM int8_tbl
-- ;
select ten, sum(distinct four) from onek a
group by ten
having exists (select 1 from onek b where sum(distinct a.four) = b.four)
-- ;
select
  (select max((select i.unique2 from tenk1 i where i.unique1 = o.unique1)))
from tenk1 o
-- ;
COPY bitwise_test FROM STDIN NULL 'null'
-- ;
SELECT
  -- boolean and transitions
  -- null because strict
  booland_statefunc(NULL, NULL)  IS NULL AS "t",
  booland_statefunc(TRUE, NULL)  IS NULL AS "t",
  booland_statefunc(FALSE, NULL) IS NULL AS "t",
  booland_statefunc(NULL, TRUE)  IS NULL AS "t",
  booland_statefunc(NULL, FALSE) IS NULL AS "t",
  -- and actual computations
  booland_statefunc(TRUE, TRUE) AS "t",
  NOT booland_statefunc(TRUE, FALSE) AS "t",
  NOT booland_statefunc(FALSE, TRUE) AS "t",
  NOT booland_statefunc(FALSE, FALSE) AS "t"
-- ;
SELECT
  BOOL_AND(b1)   AS "n",
  BOOL_OR(b3)    AS "n"
FROM bool_test
-- ;
SELECT
  EVERY(b1)     AS "f",
  EVERY(b2)     AS "t",
  EVERY(b3)     AS "f",
  EVERY(b4)     AS "n",
  EVERY(NOT b2) AS "f",
  EVERY(NOT b3) AS "t"
FROM bool_test
-- ;
explain (costs off)
  select min(unique1) from tenk1
-- ;
select min(unique1) from tenk1
-- ;
explain (costs off)
  select max(unique1) from tenk1 where unique1 > 42
-- ;
select max(unique1) from tenk1 where unique1 > 42
-- ;
explain (costs off)
  select max(tenthous) from tenk1 where thousand = 33
-- ;
explain (costs off)
  select f1, (select min(unique1) from tenk1 where unique1 > f1) AS gt
    from int4_tbl
-- ;
select max(unique2) from tenk1 order by 1
-- ;
explain (costs off)
  select max(unique2) from tenk1 order by max(unique2)
-- ;
select max(unique2) from tenk1 order by max(unique2)
-- ;
select max(unique2) from tenk1 order by max(unique2)+1
-- ;
explain (costs off)
  select max(unique2), generate_series(1,3) as g from tenk1 order by g desc
-- ;
explain (costs off)
  select max(100) from tenk1
-- ;
insert into minmaxtest1 values(13), (14)
-- ;
explain (costs off)
  select distinct min(f1), max(f1) from minmaxtest
-- ;
explain (costs off) select * from t1 group by a,b,c,d
-- ;
select t1.f1 from t1 left join t2 using (f1) group by f1
-- ;
select array_agg(a order by a)
  from (values (1,4),(2,3),(3,1),(4,2)) v(a,b)
-- ;
select array_agg(b order by a desc)
  from (values (1,4),(2,3),(3,1),(4,2)) v(a,b)
-- ;
select array_agg(distinct a order by a)
  from (values (1),(2),(1),(3),(null),(2)) v(a)
-- ;
select array_agg(distinct a order by a desc)
  from (values (1),(2),(1),(3),(null),(2)) v(a)
-- ;
select aggfns(a,b,c)
  from (values (1,3,'foo'),(0,null,null),(2,2,'bar'),(3,1,'baz')) v(a,b,c)
-- ;
select aggfns(distinct a,b,c)
  from (values (1,3,'foo'),(0,null,null),(2,2,'bar'),(3,1,'baz')) v(a,b,c),
       generate_series(1,3) i
-- ;
select aggfns(distinct a,a,c order by c using ~<~,a)
  from (values (1,3,'foo'),(0,null,null),(2,2,'bar'),(3,1,'baz')) v(a,b,c),
       generate_series(1,2) i
-- ;
select * from agg_view1
-- ;
create or replace view agg_view1 as
  select aggfns(distinct a,b,c)
    from (values (1,3,'foo'),(0,null,null),(2,2,'bar'),(3,1,'baz')) v(a,b,c),
         generate_series(1,3) i
-- ;
create or replace view agg_view1 as
  select aggfns(a,a,c order by b)
    from (values (1,3,'foo'),(0,null,null),(2,2,'bar'),(3,1,'baz')) v(a,b,c)
-- ;
create or replace view agg_view1 as
  select aggfns(a,b,c order by c using ~<~)
    from (values (1,3,'foo'),(0,null,null),(2,2,'bar'),(3,1,'baz')) v(a,b,c)
-- ;
select aggfns(distinct a,b,c order by i)
  from (values (1,1,'foo')) v(a,b,c), generate_series(1,2) i
-- ;
select string_agg(a,',') from (values('aaaa'),(null),('bbbb'),('cccc')) g(a)
-- ;
select string_agg(distinct f1, ',' order by f1) from varchar_tbl
-- ;
select string_agg(distinct f1::text, ',' order by f1) from varchar_tbl
-- ;
insert into bytea_test_table values(decode('aa','hex'))
-- ;
select ten, sum(distinct four) filter (where four > 10) from onek a
group by ten
having exists (select 1 from onek b where sum(distinct a.four) = b.four)
-- ;
select (select count(*) filter (where outer_c <> 0)
        from (values (1)) t0(inner_c))
from (values (2),(3)) t1(outer_c)
-- ;
select
  (select max((select i.unique2 from tenk1 i where i.unique1 = o.unique1))
     filter (where o.unique1 < 10))
from tenk1 o
-- ;
select max(unique1) filter (where sum(ten) > 0) from tenk1
-- ;
select (select max(unique1) filter (where sum(ten) > 0) from int8_tbl) from tenk1
-- ;
select p, sum() within group (order by x::float8)  -- error
from generate_series(1,5) x,
     (values (0::float8),(0.1),(0.25),(0.4),(0.5),(0.6),(0.75),(0.9),(1)) v(p)
group by p order by p
-- ;
select p, percentile_cont(p,p)  -- error
from generate_series(1,5) x,
     (values (0::float8),(0.1),(0.25),(0.4),(0.5),(0.6),(0.75),(0.9),(1)) v(p)
group by p order by p
-- ;
select percentile_cont(0.5) within group (order by b) from aggtest
-- ;
select percentile_cont(0.5) within group (order by thousand) from tenk1
-- ;
select percentile_disc(0.5) within group (order by thousand) from tenk1
-- ;
select percent_rank(3) within group (order by x)
from (values (1),(1),(2),(2),(3),(3),(4),(5)) v(x)
-- ;
select dense_rank(3) within group (order by x)
from (values (1),(1),(2),(2),(3),(3),(4)) v(x)
-- ;
select percentile_disc(array[0.25,0.5,0.75]) within group (order by x)
from unnest('{fred,jim,fred,jack,jill,fred,jill,jim,jim,sheila,jim,sheila}'::text[]) u(x)
-- ;
select test_percentile_disc(0.5) within group (order by thousand) from tenk1
-- ;
select rank('fred') within group (order by x) from generate_series(1,5) x
-- ;
select rank('adam'::text collate "C") within group (order by x collate "POSIX")
  from (values ('fred'),('jim')) v(x)
-- ;
create view aggordview1 as
select ten,
       percentile_disc(0.5) within group (order by thousand) as p50,
       percentile_disc(0.5) within group (order by thousand) filter (where hundred=1) as px,
       rank(5,'AZZZZ',50) within group (order by hundred, string4 desc, hundred)
  from tenk1
 group by ten order by ten
-- ;
select least_agg(q1,q2) from int8_tbl
-- ;
select cleast_agg(4.5,f1) from int4_tbl
-- ;
select my_avg(one),my_avg(one) from (values(1),(3)) t(one)
-- ;
select
  percentile_cont(0.5) within group (order by a),
  percentile_disc(0.5) within group (order by a)
from (values(1::float8),(3),(5),(7)) t(a)
-- ;
select
  rank(4) within group (order by a),
  dense_rank(4) within group (order by a)
from (values(1),(3),(5),(7)) t(a)
-- ;
select my_sum_init(one),my_avg_init(one) from (values(1),(3)) t(one)
-- ;
select my_sum_init(one),my_avg_init2(one) from (values(1),(3)) t(one)
-- ;
SELECT balk(hundred) FROM tenk1
-- ;
EXPLAIN (COSTS OFF) SELECT balk(hundred) FROM tenk1
-- ;
EXPLAIN (COSTS OFF, VERBOSE)
SELECT variance(unique1::int8), avg(unique1::numeric)
FROM (SELECT * FROM tenk1
      UNION ALL SELECT * FROM tenk1
      UNION ALL SELECT * FROM tenk1
      UNION ALL SELECT * FROM tenk1) u
-- ;
SELECT variance(unique1::int8), avg(unique1::numeric)
FROM (SELECT * FROM tenk1
      UNION ALL SELECT * FROM tenk1
      UNION ALL SELECT * FROM tenk1
      UNION ALL SELECT * FROM tenk1) u
-- ;
SELECT min(x ORDER BY y) FROM (VALUES(1, NULL)) AS d(x,y)
-- ;
select v||'a', case when v||'a' = 'aa' then 1 else 0 end, count(*)
  from unnest(array['a','b']) u(v)
 group by v||'a' order by 1
-- ;
explain (costs off)
  select 1 from tenk1
   where (hundred, thousand) in (select twothousand, twothousand from onek)
-- ;
create table agg_data_20k as
select g from generate_series(0, 19999) g
-- ;
explain (costs off)
select g%10000 as c1, sum(g::numeric) as c2, count(*) as c3
  from agg_data_20k group by g%10000
-- ;
create table agg_group_3 as
select (g/2)::numeric as c1, sum(7::int4) as c2, count(*) as c3
  from agg_data_2k group by g/2
-- ;
create table agg_hash_3 as
select (g/2)::numeric as c1, sum(7::int4) as c2, count(*) as c3
  from agg_data_2k group by g/2
-- ;
(select * from agg_hash_1 except select * from agg_group_1)
  union all
(select * from agg_group_1 except select * from agg_hash_1)
-- ;
(select * from agg_hash_4 except select * from agg_group_4)
  union all
(select * from agg_group_4 except select * from agg_hash_4)
-- ;
create temp view gstest1(a,b,v)
  as values (1,1,10),(1,1,11),(1,2,12),(1,2,13),(1,3,14),
            (2,3,15),
            (3,3,16),(3,4,17),
            (4,1,18),(4,1,19)
-- ;
copy gstest2 from stdin
-- ;
copy gstest3 from stdin
-- ;
insert into gstest4
values (1,1,b'0000','1'), (2,2,b'0001','1'),
       (3,4,b'0010','2'), (4,8,b'0011','2'),
       (5,16,b'0000','2'), (6,32,b'0001','2'),
       (7,64,b'0010','1'), (8,128,b'0011','1')
-- ;
select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by rollup (a,b)
-- ;
select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by rollup (a,b) order by a,b
-- ;
select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by rollup (a,b) order by b desc, a
-- ;
select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by rollup (a,b) order by coalesce(a,0)+coalesce(b,0)
-- ;
select a, b, grouping(a,b),
       array_agg(v order by v),
       string_agg(v::text, ':' order by v desc),
       percentile_disc(0.5) within group (order by v),
       rank(1,2,12) within group (order by a,b,v)
  from gstest1 group by rollup (a,b) order by a,b
-- ;
select grouping(a), a, array_agg(b),
       rank(a) within group (order by b nulls first),
       rank(a) within group (order by b nulls last)
  from (values (1,1),(1,4),(1,5),(3,1),(3,2)) v(a,b)
 group by rollup (a) order by a
-- ;
select a, b, sum(c), sum(sum(c)) over (order by a,b) as rsum
  from gstest2 group by rollup (a,b) order by rsum, a, b
-- ;
select sum(c) from gstest2
  group by grouping sets((), grouping sets((), grouping sets(())))
  order by 1 desc
-- ;
select sum(c) from gstest2
  group by grouping sets((), grouping sets((), grouping sets(((a, b)))))
  order by 1 desc
-- ;
select sum(c) from gstest2
  group by grouping sets(grouping sets(rollup(c), grouping sets(cube(c))))
  order by 1 desc
-- ;
select sum(c) from gstest2
  group by grouping sets(a, grouping sets(a, cube(b)))
  order by 1 desc
-- ;
select sum(c) from gstest2
  group by grouping sets(grouping sets((a, (b))))
  order by 1 desc
-- ;
select sum(c) from gstest2
  group by grouping sets(grouping sets(a, grouping sets(a), a))
  order by 1 desc
-- ;
select sum(c) from gstest2
  group by grouping sets(grouping sets(a, grouping sets(a, grouping sets(a), ((a)), a, grouping sets(a), (a)), a))
  order by 1 desc
-- ;
select sum(c) from gstest2
  group by grouping sets((a,(a,b)), grouping sets((a,(a,b)),a))
  order by 1 desc
-- ;
select a, b, sum(v), count(*) from gstest_empty group by grouping sets ((a,b),a)
-- ;
select a, b, sum(v), count(*) from gstest_empty group by grouping sets ((a,b),())
-- ;
select a, b, sum(v), count(*) from gstest_empty group by grouping sets ((a,b),(),(),())
-- ;
select sum(v), count(*) from gstest_empty group by grouping sets ((),(),())
-- ;
select t1.a, t2.b, sum(t1.v), count(*) from gstest_empty t1, gstest_empty t2
 group by grouping sets ((t1.a,t2.b),())
-- ;
select t1.a, t2.b, grouping(t1.a, t2.b), sum(t1.v), max(t2.a)
  from gstest1 t1, gstest2 t2
 group by grouping sets ((t1.a, t2.b), ())
-- ;
select t1.a, t2.b, grouping(t1.a, t2.b), sum(t1.v), max(t2.a)
  from gstest1 t1 join gstest2 t2 on (t1.a=t2.a)
 group by grouping sets ((t1.a, t2.b), ())
-- ;
select a, b, grouping(a, b), sum(t1.v), max(t2.c)
  from gstest1 t1 join gstest2 t2 using (a,b)
 group by grouping sets ((a, b), ())
-- ;
select a, d, grouping(a,b,c)
  from gstest3
 group by grouping sets ((a,b), (a,c))
-- ;
explain (costs off)
select g as alias1, g as alias2
  from generate_series(1,3) g
 group by alias1, rollup(alias2)
-- ;
select g as alias1, g as alias2
  from generate_series(1,3) g
 group by alias1, rollup(alias2)
-- ;
select four, x
  from (select four, ten, 'foo'::text as x from tenk1) as t
  group by grouping sets (four, x)
  having x = 'foo'
-- ;
select four, x || 'x'
  from (select four, ten, 'foo'::text as x from tenk1) as t
  group by grouping sets (four, x)
  order by four
-- ;
select (x+y)*1, sum(z)
 from (select 1 as x, 2 as y, 3 as z) s
 group by grouping sets (x+y, x)
-- ;
select x, not x as not_x, q2 from
  (select *, q1 = 1 as x from int8_tbl i1) as t
  group by grouping sets(x, q2)
  order by x, q2
-- ;
explain (verbose, costs off)
select * from (
  select 1 as x, q1, sum(q2)
  from int8_tbl i1
  group by grouping sets(1, 2)
) ss
where x = 1 and q1 = 123
-- ;
select * from (
  select 1 as x, q1, sum(q2)
  from int8_tbl i1
  group by grouping sets(1, 2)
) ss
where x = 1 and q1 = 123
-- ;
explain (verbose, costs off)
select grouping(ss.x)
from int8_tbl i1
cross join lateral (select (select i1.q1) as x) ss
group by ss.x
-- ;
select grouping(ss.x)
from int8_tbl i1
cross join lateral (select (select i1.q1) as x) ss
group by ss.x
-- ;
explain (verbose, costs off)
select (select grouping(ss.x))
from int8_tbl i1
cross join lateral (select (select i1.q1) as x) ss
group by ss.x
-- ;
select (select grouping(ss.x))
from int8_tbl i1
cross join lateral (select (select i1.q1) as x) ss
group by ss.x
-- ;
select a, b, sum(v.x)
  from (values (1),(2)) v(x), gstest_data(v.x)
 group by rollup (a,b)
-- ;
select *
  from (values (1),(2)) v(x),
       lateral (select a, b, sum(v.x) from gstest_data(v.x) group by rollup (a,b)) s
-- ;
explain (costs off)
  select min(unique1) from tenk1 GROUP BY ()
-- ;
CREATE VIEW gstest_view AS select a, b, grouping(a,b), sum(c), count(*), max(c)
  from gstest2 group by rollup ((a,b,c),(c,d))
-- ;
select pg_get_viewdef('gstest_view'::regclass, true)
-- ;
select(select (select grouping(a,b) from (values (1)) v2(c)) from (values (1,2)) v1(a,b) group by (a,b)) from (values(6,7)) v3(e,f) GROUP BY ROLLUP(e,f)
-- ;
select(select (select grouping(e,f) from (values (1)) v2(c)) from (values (1,2)) v1(a,b) group by (a,b)) from (values(6,7)) v3(e,f) GROUP BY ROLLUP(e,f)
-- ;
select(select (select grouping(c) from (values (1)) v2(c) GROUP BY c) from (values (1,2)) v1(a,b) group by (a,b)) from (values(6,7)) v3(e,f) GROUP BY ROLLUP(e,f)
-- ;
select a, b, c, d from gstest2 group by rollup(a,b),grouping sets(c,d)
-- ;
select a, b from (values (1,2),(2,3)) v(a,b) group by a,b, grouping sets(a)
-- ;
select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by grouping sets ((a,b),(a+1,b+1),(a+2,b+2)) order by 3,6
-- ;
select(select (select grouping(a,b) from (values (1)) v2(c)) from (values (1,2)) v1(a,b) group by (a,b)) from (values(6,7)) v3(e,f) GROUP BY ROLLUP((e+1),(f+1))
-- ;
select(select (select grouping(a,b) from (values (1)) v2(c)) from (values (1,2)) v1(a,b) group by (a,b)) from (values(6,7)) v3(e,f) GROUP BY CUBE((e+1),(f+1)) ORDER BY (e+1),(f+1)
-- ;
select a, b, sum(c), sum(sum(c)) over (order by a,b) as rsum
  from gstest2 group by cube (a,b) order by rsum, a, b
-- ;
select a, b, sum(c) from (values (1,1,10),(1,1,11),(1,2,12),(1,2,13),(1,3,14),(2,3,15),(3,3,16),(3,4,17),(4,1,18),(4,1,19)) v(a,b,c) group by rollup (a,b)
-- ;
select a, b, sum(v.x)
  from (values (1),(2)) v(x), gstest_data(v.x)
 group by cube (a,b) order by a,b
-- ;
explain (costs off)
select * from gstest1 group by grouping sets((a,b,v),(v)) order by v,b,a
-- ;
select (select grouping(a,b) from gstest2) from gstest2 group by a,b
-- ;
select a, b, sum(c), count(*) from gstest2 group by grouping sets (rollup(a,b),a)
-- ;
select ten, sum(distinct four) from onek a
group by grouping sets((ten,four),(ten))
having exists (select 1 from onek b where sum(distinct a.four) = b.four)
-- ;
select a,count(*) from gstest2 group by rollup(a) order by a
-- ;
select a,count(*) from gstest2 group by rollup(a) having a is distinct from 1 order by a
-- ;
explain (costs off)
  select a,count(*) from gstest2 group by rollup(a) having a is distinct from 1 order by a
-- ;
select v.c, (select count(*) from gstest2 group by () having v.c)
  from (values (false),(true)) v(c) order by v.c
-- ;
explain (costs off)
  select v.c, (select count(*) from gstest2 group by () having v.c)
    from (values (false),(true)) v(c) order by v.c
-- ;
select ten, grouping(ten) from onek
group by grouping sets(ten) having grouping(ten) >= 0
order by 2,1
-- ;
select ten, grouping(ten) from onek
group by grouping sets(ten, four) having grouping(ten) > 0
order by 2,1
-- ;
select ten, grouping(ten) from onek
group by rollup(ten) having grouping(ten) > 0
order by 2,1
-- ;
select ten, grouping(ten) from onek
group by cube(ten) having grouping(ten) > 0
order by 2,1
-- ;
select ten, grouping(ten) from onek
group by (ten) having grouping(ten) >= 0
order by 2,1
-- ;
select ten, sum(distinct four) filter (where four::text ~ '123') from onek a
group by rollup(ten)
-- ;
select * from (values (1),(2)) v(a) left join lateral (select v.a, four, ten, count(*) from onek group by cube(four,ten)) s on true order by v.a,four,ten
-- ;
select array(select row(v.a,s1.*) from (select two,four, count(*) from onek group by cube(two,four) order by two,four) s1) from (values (1),(2)) v(a)
-- ;
select sum(ten) from onek group by two, rollup(four::text) order by 1
-- ;
select sum(ten) from onek group by rollup(four::text), two order by 1
-- ;
select count(*) from gstest4 group by rollup(unhashable_col,unsortable_col)
-- ;
select array_agg(v order by v) from gstest4 group by grouping sets ((id,unsortable_col),(id))
-- ;
select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by grouping sets ((a),(b)) order by 3,1,2
-- ;
explain (costs off) select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by grouping sets ((a),(b)) order by 3,1,2
-- ;
select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by cube(a,b) order by 3,1,2
-- ;
explain (costs off) select a, b, grouping(a,b), sum(v), count(*), max(v)
  from gstest1 group by cube(a,b) order by 3,1,2
-- ;
explain (costs off)
  select a, b, grouping(a,b), array_agg(v order by v)
    from gstest1 group by cube(a,b)
-- ;
select unsortable_col, count(*)
  from gstest4 group by grouping sets ((unsortable_col),(unsortable_col))
  order by unsortable_col::text
-- ;
select unhashable_col, unsortable_col,
       grouping(unhashable_col, unsortable_col),
       count(*), sum(v)
  from gstest4 group by grouping sets ((unhashable_col),(unsortable_col))
 order by 3, 5
-- ;
explain (costs off)
  select unhashable_col, unsortable_col,
         grouping(unhashable_col, unsortable_col),
         count(*), sum(v)
    from gstest4 group by grouping sets ((unhashable_col),(unsortable_col))
   order by 3,5
-- ;
select unhashable_col, unsortable_col,
       grouping(unhashable_col, unsortable_col),
       count(*), sum(v)
  from gstest4 group by grouping sets ((v,unhashable_col),(v,unsortable_col))
 order by 3,5
-- ;
explain (costs off)
  select unhashable_col, unsortable_col,
         grouping(unhashable_col, unsortable_col),
         count(*), sum(v)
    from gstest4 group by grouping sets ((v,unhashable_col),(v,unsortable_col))
   order by 3,5
-- ;
explain (costs off)
  select a, b, sum(v), count(*) from gstest_empty group by grouping sets ((a,b),a)
-- ;
explain (costs off)
  select a, b, sum(v), count(*) from gstest_empty group by grouping sets ((a,b),(),(),())
-- ;
explain (costs off)
  select sum(v), count(*) from gstest_empty group by grouping sets ((),(),())
-- ;
explain (costs off)
  select a, d, grouping(a,b,c)
    from gstest3
   group by grouping sets ((a,b), (a,c))
-- ;
select a, b, sum(v.x)
  from (values (1),(2)) v(x), gstest_data(v.x)
 group by grouping sets (a,b)
 order by 1, 2, 3
-- ;
explain (costs off)
  select a, b, sum(v.x)
    from (values (1),(2)) v(x), gstest_data(v.x)
   group by grouping sets (a,b)
   order by 3, 1, 2
-- ;
select *
  from (values (1),(2)) v(x),
       lateral (select a, b, sum(v.x) from gstest_data(v.x) group by grouping sets (a,b)) s
-- ;
explain (costs off)
  select *
    from (values (1),(2)) v(x),
         lateral (select a, b, sum(v.x) from gstest_data(v.x) group by grouping sets (a,b)) s
-- ;
explain (costs off)
  select a, b, grouping(a,b), sum(v), count(*), max(v)
    from gstest1 group by grouping sets ((a,b),(a+1,b+1),(a+2,b+2)) order by 3,6
-- ;
explain (costs off)
  select a, b, sum(c), sum(sum(c)) over (order by a,b) as rsum
    from gstest2 group by cube (a,b) order by rsum, a, b
-- ;
explain (costs off)
  select a, b, sum(v.x)
    from (values (1),(2)) v(x), gstest_data(v.x)
   group by cube (a,b) order by a,b
-- ;
EXPLAIN (COSTS OFF) SELECT a, b, count(*), max(a), max(b) FROM gstest3 GROUP BY GROUPING SETS(a, b,()) ORDER BY a, b
-- ;
SELECT a, b, count(*), max(a), max(b) FROM gstest3 GROUP BY GROUPING SETS(a, b,()) ORDER BY a, b
-- ;
select * from (values (1),(2)) v(a) left join lateral (select v.a, four, ten, count(*) from onek group by grouping sets(four,ten)) s on true order by v.a,four,ten
-- ;
select array(select row(v.a,s1.*) from (select two,four, count(*) from onek group by grouping sets(two,four) order by two,four) s1) from (values (1),(2)) v(a)
-- ;
explain (costs off)
  select unique1,
         count(two), count(four), count(ten),
         count(hundred), count(thousand), count(twothousand),
         count(*)
    from tenk1 group by grouping sets (unique1,twothousand,thousand,hundred,ten,four,two)
-- ;
explain (costs off)
  select unique1,
         count(two), count(four), count(ten),
         count(hundred), count(thousand), count(twothousand),
         count(*)
    from tenk1 group by grouping sets (unique1,hundred,ten,four,two)
-- ;
select v||'a', case grouping(v||'a') when 1 then 1 else 0 end, count(*)
  from unnest(array[1,1], array['a','b']) u(i,v)
 group by rollup(i, v||'a') order by 1,3
-- ;
select v||'a', case when grouping(v||'a') = 1 then 1 else 0 end, count(*)
  from unnest(array[1,1], array['a','b']) u(i,v)
 group by rollup(i, v||'a') order by 1,3
-- ;
update pg_class set reltuples = 10 where relname='bug_16784'
-- ;
insert into bug_16784 select g/10, g from generate_series(1,40) g
-- ;
select * from
  (values (1),(2)) v(a),
  lateral (select a, i, j, count(*) from
             bug_16784 group by cube(i,j)) s
  order by v.a, i, j
-- ;
create table gs_data_1 as
select g%1000 as g1000, g%100 as g100, g%10 as g10, g
   from generate_series(0,1999) g
-- ;
update pg_class set reltuples = 10 where relname='gs_data_1'
-- ;
explain (costs off)
select g100, g10, sum(g::numeric), count(*), max(g::text)
from gs_data_1 group by cube (g1000, g100,g10)
-- ;
create table gs_group_1 as
select g100, g10, sum(g::numeric), count(*), max(g::text)
from gs_data_1 group by cube (g1000, g100,g10)
-- ;
create table gs_hash_1 as
select g100, g10, sum(g::numeric), count(*), max(g::text)
from gs_data_1 group by cube (g1000, g100,g10)
-- ;
(select * from gs_hash_1 except select * from gs_group_1)
  union all
(select * from gs_group_1 except select * from gs_hash_1)
-- ;
select a, b, c
from (values (1, 2, 3), (4, null, 6), (7, 8, 9)) as t (a, b, c)
group by all rollup(a, b), rollup(a, c)
order by a, b, c
-- ;
select a, b, c
from (values (1, 2, 3), (4, null, 6), (7, 8, 9)) as t (a, b, c)
group by distinct rollup(a, b), rollup(a, c)
order by a, b, c
-- ;
select distinct a, b, c
from (values (1, 2, 3), (4, null, 6), (7, 8, 9)) as t (a, b, c)
group by rollup(a, b), rollup(a, c)
order by a, b, c
-- ;
explain (costs off)
select (select grouping(v1)) from (values ((select 1))) v(v1) group by cube(v1)
-- ;
select (select grouping(v1)) from (values ((select 1))) v(v1) group by cube(v1)
-- ;
explain (costs off)
select (select grouping(v1)) from (values ((select 1))) v(v1) group by v1
-- ;
select (select grouping(v1)) from (values ((select 1))) v(v1) group by v1
-- ;
SELECT depname, empno, salary, sum(salary) OVER (PARTITION BY depname) FROM empsalary ORDER BY depname, salary
-- ;
SELECT depname, empno, salary, rank() OVER (PARTITION BY depname ORDER BY salary) FROM empsalary
-- ;
SELECT four, ten, SUM(SUM(four)) OVER (PARTITION BY four), AVG(ten) FROM tenk1
GROUP BY four, ten ORDER BY four, ten
-- ;
SELECT COUNT(*) OVER w FROM tenk1 WHERE unique2 < 10 WINDOW w AS ()
-- ;
SELECT four FROM tenk1 WHERE FALSE WINDOW w AS (PARTITION BY ten)
-- ;
SELECT row_number() OVER (ORDER BY unique2) FROM tenk1 WHERE unique2 < 10
-- ;
SELECT dense_rank() OVER (PARTITION BY four ORDER BY ten), ten, four FROM tenk1 WHERE unique2 < 10
-- ;
SELECT ntile(3) OVER (ORDER BY ten, four), ten, four FROM tenk1 WHERE unique2 < 10
-- ;
SELECT lead(ten * 2, 1) OVER (PARTITION BY four ORDER BY ten), ten, four FROM tenk1 WHERE unique2 < 10
-- ;
SELECT lead(ten * 2, 1, -1) OVER (PARTITION BY four ORDER BY ten), ten, four FROM tenk1 WHERE unique2 < 10
-- ;
SELECT last_value(four) OVER (ORDER BY ten), ten, four FROM tenk1 WHERE unique2 < 10
-- ;
SELECT ten, two, sum(hundred) AS gsum, sum(sum(hundred)) OVER (PARTITION BY two ORDER BY ten) AS wsum
FROM tenk1 GROUP BY ten, two
-- ;
SELECT count(*) OVER (PARTITION BY four), four FROM (SELECT * FROM tenk1 WHERE two = 1)s WHERE unique2 < 10
-- ;
SELECT lead(ten, (SELECT two FROM tenk1 WHERE s.unique2 = unique2)) OVER (PARTITION BY four ORDER BY ten)
FROM tenk1 s WHERE unique2 < 10
-- ;
SELECT empno, depname, salary, bonus, depadj, MIN(bonus) OVER (ORDER BY empno), MAX(depadj) OVER () FROM(
	SELECT *,
		CASE WHEN enroll_date < '2008-01-01' THEN 2008 - extract(YEAR FROM enroll_date) END * 500 AS bonus,
		CASE WHEN
			AVG(salary) OVER (PARTITION BY depname) < salary
		THEN 200 END AS depadj FROM empsalary
)s
-- ;
select ten,
  sum(unique1) + sum(unique2) as res,
  rank() over (order by sum(unique1) + sum(unique2)) as rank
from tenk1
group by ten order by ten
-- ;
explain (costs off)
select first_value(max(x)) over (), y
  from (select unique1 as x, ten+four as y from tenk1) ss
  group by y
-- ;
SELECT sum(unique1) over (order by four range between current row and unbounded following),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (rows between 2 preceding and 2 following exclude ties),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT first_value(unique1) over (ORDER BY four rows between current row and 2 following exclude group),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT first_value(unique1) over (ORDER BY four rows between current row and 2 following exclude ties),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT last_value(unique1) over (ORDER BY four rows between current row and 2 following exclude group),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT last_value(unique1) over (ORDER BY four rows between current row and 2 following exclude ties),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (w range between current row and unbounded following),
	unique1, four
FROM tenk1 WHERE unique1 < 10 WINDOW w AS (order by four)
-- ;
SELECT sum(unique1) over (w range between unbounded preceding and current row exclude current row),
	unique1, four
FROM tenk1 WHERE unique1 < 10 WINDOW w AS (order by four)
-- ;
SELECT sum(unique1) over (w range between unbounded preceding and current row exclude ties),
	unique1, four
FROM tenk1 WHERE unique1 < 10 WINDOW w AS (order by four)
-- ;
SELECT first_value(unique1) over w,
	nth_value(unique1, 2) over w AS nth_2,
	last_value(unique1) over w, unique1, four
FROM tenk1 WHERE unique1 < 10
WINDOW w AS (order by four range between current row and unbounded following)
-- ;
SELECT sum(unique1) over
	(order by unique1
	 rows (SELECT unique1 FROM tenk1 ORDER BY unique1 LIMIT 1) + 1 PRECEDING),
	unique1
FROM tenk1 WHERE unique1 < 10
-- ;
CREATE TEMP VIEW v_window AS
	SELECT i, sum(i) over (order by i rows between 1 preceding and 1 following) as sum_rows
	FROM generate_series(1, 10) i
-- ;
SELECT pg_get_viewdef('v_window')
-- ;
CREATE OR REPLACE TEMP VIEW v_window AS
	SELECT i, sum(i) over (order by i rows between 1 preceding and 1 following
	exclude current row) as sum_rows FROM generate_series(1, 10) i
-- ;
CREATE OR REPLACE TEMP VIEW v_window AS
	SELECT i, sum(i) over (order by i rows between 1 preceding and 1 following
	exclude ties) as sum_rows FROM generate_series(1, 10) i
-- ;
CREATE OR REPLACE TEMP VIEW v_window AS
	SELECT i, sum(i) over (order by i rows between 1 preceding and 1 following
	exclude no others) as sum_rows FROM generate_series(1, 10) i
-- ;
CREATE TEMP VIEW v_window AS
	SELECT i, min(i) over (order by i range between '1 day' preceding and '10 days' following) as min_i
  FROM generate_series(now(), now()+'100 days'::interval, '1 hour') i
-- ;
SELECT sum(unique1) over (rows between current row and 9223372036854775807 following exclude current row),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four range between 2::int8 preceding and 1::int2 preceding),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four range between 2::int8 preceding and 1::int2 preceding exclude current row),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four range between 2::int8 preceding and 1::int2 preceding exclude group),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four range between 2::int8 preceding and 1::int2 preceding exclude ties),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four range between 2::int8 preceding and 6::int2 following exclude ties),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (partition by four order by unique1 range between 5::int8 preceding and 6::int2 following),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
select sum(salary) over (order by enroll_date range between '1 year'::interval preceding and '1 year'::interval following),
	salary, enroll_date from empsalary
-- ;
select sum(salary) over (order by enroll_date desc range between '1 year'::interval following and '1 year'::interval following),
	salary, enroll_date from empsalary
-- ;
select sum(salary) over (order by enroll_date range between '1 year'::interval preceding and '1 year'::interval following
	exclude group), salary, enroll_date from empsalary
-- ;
select sum(salary) over (order by enroll_date range between '1 year'::interval preceding and '1 year'::interval following
	exclude ties), salary, enroll_date from empsalary
-- ;
select last_value(salary) over(order by salary range between 1000 preceding and 1000 following),
	lag(salary) over(order by salary range between 1000 preceding and 1000 following),
	salary from empsalary
-- ;
select first_value(salary) over(order by salary range between 1000 following and 3000 following
	exclude current row),
	lead(salary) over(order by salary range between 1000 following and 3000 following exclude ties),
	nth_value(salary, 1) over(order by salary range between 1000 following and 3000 following
	exclude ties),
	salary from empsalary
-- ;
select first_value(salary) over(order by enroll_date range between unbounded preceding and '1 year'::interval following
	exclude current row),
	last_value(salary) over(order by enroll_date range between unbounded preceding and '1 year'::interval following
	exclude current row),
	salary, enroll_date from empsalary
-- ;
select x, y,
       first_value(y) over w,
       last_value(y) over w
from
  (select x, x as y from generate_series(1,5) as x
   union all select null, 42
   union all select null, 43) ss
window w as
  (order by x asc nulls first range between 2 preceding and 2 following)
-- ;
SELECT * FROM unbounded_syntax_test2a(2)
-- ;
SELECT * FROM unbounded_syntax_test2b(2)
-- ;
select x, last_value(x) over (order by x range between current row and 4 following)
from generate_series(2147483644, 2147483646) x
-- ;
select id, f_float4, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_float4 range between
             1 preceding and 1 following)
-- ;
select id, f_float4, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_float4 range between
             1 preceding and 1.1::float4 following)
-- ;
select id, f_float8, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_float8 range between
             1 preceding and 1 following)
-- ;
select id, f_float8, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_float8 range between
             'inf' following and 'inf' following)
-- ;
select id, f_float8, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_float8 range between
             1.1 preceding and 'NaN' following)
-- ;
select id, f_numeric, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_numeric range between
             1 preceding and 1 following)
-- ;
select id, f_numeric, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_numeric range between
             1 preceding and 1.1::numeric following)
-- ;
select id, f_numeric, first_value(id) over w, last_value(id) over w
from numerics
window w as (order by f_numeric range between
             1 preceding and 1.1::float8 following)
-- ;
insert into datetimes values
(1, '11:00', '11:00 BST', '1 year', '2000-10-19 10:23:54+01', '2000-10-19 10:23:54'),
(2, '12:00', '12:00 BST', '2 years', '2001-10-19 10:23:54+01', '2001-10-19 10:23:54'),
(3, '13:00', '13:00 BST', '3 years', '2001-10-19 10:23:54+01', '2001-10-19 10:23:54'),
(4, '14:00', '14:00 BST', '4 years', '2002-10-19 10:23:54+01', '2002-10-19 10:23:54'),
(5, '15:00', '15:00 BST', '5 years', '2003-10-19 10:23:54+01', '2003-10-19 10:23:54'),
(6, '15:00', '15:00 BST', '5 years', '2004-10-19 10:23:54+01', '2004-10-19 10:23:54'),
(7, '17:00', '17:00 BST', '7 years', '2005-10-19 10:23:54+01', '2005-10-19 10:23:54'),
(8, '18:00', '18:00 BST', '8 years', '2006-10-19 10:23:54+01', '2006-10-19 10:23:54'),
(9, '19:00', '19:00 BST', '9 years', '2007-10-19 10:23:54+01', '2007-10-19 10:23:54'),
(10, '20:00', '20:00 BST', '10 years', '2008-10-19 10:23:54+01', '2008-10-19 10:23:54')
-- ;
select id, f_timetz, first_value(id) over w, last_value(id) over w
from datetimes
window w as (order by f_timetz desc range between
             '70 min' preceding and '2 hours' following)
-- ;
select id, f_timestamptz, first_value(id) over w, last_value(id) over w
from datetimes
window w as (order by f_timestamptz range between
             '1 year'::interval preceding and '1 year'::interval following)
-- ;
select sum(salary) over (range between '1 year'::interval preceding and '2 years'::interval following
	exclude ties), salary, enroll_date from empsalary
-- ;
select sum(salary) over (order by depname range between '1 year'::interval preceding and '2 years'::interval following
	exclude ties), salary, enroll_date from empsalary
-- ;
select max(enroll_date) over (order by enroll_date range between 1 preceding and 2 following
	exclude ties), salary, enroll_date from empsalary
-- ;
SELECT sum(unique1) over (order by four groups between unbounded preceding and current row),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four groups between 1 preceding and unbounded following),
	unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four groups between 2 preceding and 1 following
	exclude group), unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (order by four groups between 2 preceding and 1 following
	exclude ties), unique1, four
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (partition by ten
	order by four groups between 0 preceding and 0 following exclude current row), unique1, four, ten
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (partition by ten
	order by four groups between 0 preceding and 0 following exclude group), unique1, four, ten
FROM tenk1 WHERE unique1 < 10
-- ;
SELECT sum(unique1) over (partition by ten
	order by four groups between 0 preceding and 0 following exclude ties), unique1, four, ten
FROM tenk1 WHERE unique1 < 10
-- ;
select first_value(salary) over(order by enroll_date groups between 1 following and 3 following
	exclude current row),
	lead(salary) over(order by enroll_date groups between 1 following and 3 following exclude ties),
	nth_value(salary, 1) over(order by enroll_date groups between 1 following and 3 following
	exclude ties),
	salary, enroll_date from empsalary
-- ;
select last_value(salary) over(order by enroll_date groups between 1 following and 3 following
	exclude group),
	lag(salary) over(order by enroll_date groups between 1 following and 3 following exclude group),
	salary, enroll_date from empsalary
-- ;
WITH cte (x) AS (
        SELECT * FROM generate_series(1, 35, 2)
)
SELECT x, (sum(x) over w)
FROM cte
WINDOW w AS (ORDER BY x rows between 1 preceding and 1 following)
-- ;
WITH cte (x) AS (
        SELECT * FROM generate_series(1, 35, 2)
)
SELECT x, (sum(x) over w)
FROM cte
WINDOW w AS (ORDER BY x groups between 1 preceding and 1 following)
-- ;
select f1, sum(f1) over (partition by f1, f1 order by f2
                         range between 2 preceding and 1 preceding)
from t1 where f1 = f2
-- ;
select f1, sum(f1) over (partition by f1 order by f2
                         groups between 1 preceding and 1 following)
from t1 where f1 = f2
-- ;
DELETE FROM empsalary WHERE (rank() OVER (ORDER BY random())) > 10
-- ;
DELETE FROM empsalary RETURNING rank() OVER (ORDER BY random())
-- ;
SELECT count(*) OVER w FROM tenk1 WINDOW w AS (ORDER BY unique1), w AS (ORDER BY unique1)
-- ;
SELECT nth_value(four, 0) OVER (ORDER BY ten), ten, four FROM tenk1
-- ;
EXPLAIN (COSTS OFF)
SELECT * FROM
  (SELECT depname,
          sum(salary) OVER (PARTITION BY depname) depsalary,
          min(salary) OVER (PARTITION BY depname || 'A', depname) depminsalary
   FROM empsalary) emp
WHERE depname = 'sales'
-- ;
EXPLAIN (COSTS OFF)
SELECT * FROM
  (SELECT depname,
          sum(salary) OVER (PARTITION BY enroll_date) enroll_salary,
          min(salary) OVER (PARTITION BY depname) depminsalary
   FROM empsalary) emp
WHERE depname = 'sales'
-- ;
EXPLAIN (COSTS OFF)
SELECT * FROM
  (SELECT empno,
          row_number() OVER (ORDER BY empno) rn
   FROM empsalary) emp
WHERE rn < 3
-- ;
SELECT * FROM
  (SELECT empno,
          row_number() OVER (ORDER BY empno) rn
   FROM empsalary) emp
WHERE rn < 3
-- ;
EXPLAIN (COSTS OFF)
SELECT * FROM
  (SELECT empno,
          salary,
          dense_rank() OVER (ORDER BY salary DESC) dr
   FROM empsalary) emp
WHERE dr = 1
-- ;
SELECT * FROM
  (SELECT empno,
          salary,
          dense_rank() OVER (ORDER BY salary DESC) dr
   FROM empsalary) emp
WHERE dr = 1
-- ;
SELECT * FROM
  (SELECT empno,
          salary,
          count(*) OVER (ORDER BY salary DESC) c
   FROM empsalary) emp
WHERE c <= 3
-- ;
EXPLAIN (COSTS OFF)
SELECT * FROM
  (SELECT empno,
          salary,
          count(1) OVER (ORDER BY salary DESC) c
   FROM empsalary) emp
WHERE c <= 3
-- ;
SELECT * FROM
  (SELECT empno,
          salary,
          count(1) OVER (ORDER BY salary DESC) c
   FROM empsalary) emp
WHERE c <= 3
-- ;
SELECT * FROM
  (SELECT empno,
          depname,
          row_number() OVER (PARTITION BY depname ORDER BY empno) rn
   FROM empsalary) emp
WHERE rn < 3
-- ;
EXPLAIN (COSTS OFF)
SELECT empno, depname FROM
  (SELECT empno,
          depname,
          row_number() OVER (PARTITION BY depname ORDER BY empno) rn
   FROM empsalary) emp
WHERE rn < 3
-- ;
EXPLAIN (COSTS OFF)
SELECT * FROM
  (SELECT empno,
          salary,
          count(random()) OVER (ORDER BY empno DESC) c
   FROM empsalary) emp
WHERE c = 1
-- ;
SELECT * FROM
  (SELECT depname,
          empno,
          salary,
          enroll_date,
          row_number() OVER (PARTITION BY depname ORDER BY enroll_date) AS first_emp,
          row_number() OVER (PARTITION BY depname ORDER BY enroll_date DESC) AS last_emp
   FROM empsalary) emp
WHERE first_emp = 1 OR last_emp = 1
-- ;
CREATE FUNCTION nth_value_def(val anyelement, n integer = 1) RETURNS anyelement
  LANGUAGE internal WINDOW IMMUTABLE STRICT AS 'window_nth_value'
-- ;
SELECT nth_value_def(n := 2, val := ten) OVER (PARTITION BY four), ten, four
  FROM (SELECT * FROM tenk1 WHERE unique2 < 10 ORDER BY four, ten) s
-- ;
CREATE FUNCTION logging_msfunc_nonstrict(text, anyelement) RETURNS text AS
$$ SELECT COALESCE($1, '') || '+' || quote_nullable($2) $$
LANGUAGE SQL IMMUTABLE
-- ;
SELECT
	i::text || ':' || COALESCE(v::text, 'NULL') as row,
	logging_agg_strict(v::text) filter(where true)
		over wnd as inverse,
	logging_agg_strict(v::text) filter(where random() >= 0)
		over wnd as noinverse
FROM (VALUES
	(1, 'a'),
	(2, 'b'),
	(3, 'c')
) AS t(i, v)
WINDOW wnd AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
ORDER BY i
-- ;
SELECT i,AVG(v::bigint) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,1),(2,2),(3,NULL),(4,NULL)) t(i,v)
-- ;
SELECT i,SUM(v::smallint) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,1),(2,2),(3,NULL),(4,NULL)) t(i,v)
-- ;
SELECT i,SUM(v::int) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,1),(2,2),(3,NULL),(4,NULL)) t(i,v)
-- ;
SELECT i,SUM(v::interval) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,'1 sec'),(2,'2 sec'),(3,NULL),(4,NULL)) t(i,v)
-- ;
SELECT i,SUM(v::numeric) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,1.1),(2,2.2),(3,NULL),(4,NULL)) t(i,v)
-- ;
SELECT i,COUNT(v) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,1),(2,2),(3,NULL),(4,NULL)) t(i,v)
-- ;
SELECT VAR_SAMP(n::int) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,600),(2,470),(3,170),(4,430),(5,300)) r(i,n)
-- ;
SELECT VAR_SAMP(n::numeric) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,600),(2,470),(3,170),(4,430),(5,300)) r(i,n)
-- ;
SELECT VARIANCE(n::smallint) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,600),(2,470),(3,170),(4,430),(5,300)) r(i,n)
-- ;
SELECT VARIANCE(n::numeric) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,600),(2,470),(3,170),(4,430),(5,300)) r(i,n)
-- ;
SELECT STDDEV_POP(n::int) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,NULL),(2,600),(3,470),(4,170),(5,430),(6,300)) r(i,n)
-- ;
SELECT STDDEV_POP(n::smallint) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(1,NULL),(2,600),(3,470),(4,170),(5,430),(6,300)) r(i,n)
-- ;
SELECT STDDEV(n::int) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  FROM (VALUES(0,NULL),(1,600),(2,470),(3,170),(4,430),(5,300)) r(i,n)
-- ;
SELECT i, b, bool_and(b) OVER w, bool_or(b) OVER w
  FROM (VALUES (1,true), (2,true), (3,false), (4,false), (5,true)) v(i,b)
  WINDOW w AS (ORDER BY i ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
-- ;
EXPLAIN (costs off) SELECT * FROM pg_temp.f(2)
-- ;
SELECT * FROM pg_temp.f(2)
-- ;
SELECT ''::text AS two, unique1, unique2, stringu1
		FROM onek WHERE unique1 > 50
		ORDER BY unique1 LIMIT 2
-- ;
SELECT ''::text AS five, unique1, unique2, stringu1
		FROM onek WHERE unique1 > 60
		ORDER BY unique1 LIMIT 5
-- ;
SELECT ''::text AS two, unique1, unique2, stringu1
		FROM onek WHERE unique1 > 60 AND unique1 < 63
		ORDER BY unique1 LIMIT 5
-- ;
SELECT ''::text AS three, unique1, unique2, stringu1
		FROM onek WHERE unique1 > 100
		ORDER BY unique1 LIMIT 3 OFFSET 20
-- ;
SELECT ''::text AS zero, unique1, unique2, stringu1
		FROM onek WHERE unique1 < 50
		ORDER BY unique1 DESC LIMIT 8 OFFSET 99
-- ;
SELECT ''::text AS eleven, unique1, unique2, stringu1
		FROM onek WHERE unique1 < 50
		ORDER BY unique1 DESC LIMIT 20 OFFSET 39
-- ;
SELECT ''::text AS ten, unique1, unique2, stringu1
		FROM onek
		ORDER BY unique1 OFFSET 990
-- ;
SELECT ''::text AS five, unique1, unique2, stringu1
		FROM onek
		ORDER BY unique1 OFFSET 990 LIMIT 5
-- ;
select * from int8_tbl limit (case when random() < 0.5 then null::bigint end)
-- ;
select * from int8_tbl offset (case when random() < 0.5 then null::bigint end)
-- ;
declare c1 cursor for select * from int8_tbl limit 10
-- ;
declare c2 cursor for select * from int8_tbl limit 3
-- ;
declare c3 cursor for select * from int8_tbl offset 3
-- ;
declare c4 cursor for select * from int8_tbl offset 10
-- ;
declare c5 cursor for select * from int8_tbl order by q1 fetch first 2 rows with ties
-- ;
SELECT
  (SELECT n
     FROM (VALUES (1)) AS x,
          (SELECT n FROM generate_series(1,10) AS n
             ORDER BY n LIMIT 1 OFFSET s-1) AS y) AS z
  FROM generate_series(1,10) AS s
-- ;
explain (verbose, costs off)
select unique1, unique2, nextval('testseq')
  from tenk1 order by unique2 limit 10
-- ;
select unique1, unique2, nextval('testseq')
  from tenk1 order by unique2 limit 10
-- ;
select currval('testseq')
-- ;
explain (verbose, costs off)
select unique1, unique2, nextval('testseq')
  from tenk1 order by tenthous limit 10
-- ;
select unique1, unique2, nextval('testseq')
  from tenk1 order by tenthous limit 10
-- ;
explain (verbose, costs off)
select unique1, unique2, generate_series(1,10)
  from tenk1 order by unique2 limit 7
-- ;
select unique1, unique2, generate_series(1,10)
  from tenk1 order by unique2 limit 7
-- ;
explain (verbose, costs off)
select unique1, unique2, generate_series(1,10)
  from tenk1 order by tenthous limit 7
-- ;
select unique1, unique2, generate_series(1,10)
  from tenk1 order by tenthous limit 7
-- ;
explain (verbose, costs off)
select generate_series(0,2) as s1, generate_series((random()*.1)::int,2) as s2
-- ;
select generate_series(0,2) as s1, generate_series((random()*.1)::int,2) as s2
-- ;
explain (verbose, costs off)
select generate_series(0,2) as s1, generate_series((random()*.1)::int,2) as s2
order by s2 desc
-- ;
select generate_series(0,2) as s1, generate_series((random()*.1)::int,2) as s2
order by s2 desc
-- ;
explain (verbose, costs off)
select sum(tenthous) as s1, sum(tenthous) + random()*0 as s2
  from tenk1 group by thousand order by thousand limit 3
-- ;
select sum(tenthous) as s1, sum(tenthous) + random()*0 as s2
  from tenk1 group by thousand order by thousand limit 3
-- ;
SELECT  thousand
		FROM onek WHERE thousand < 5
		ORDER BY thousand FETCH FIRST 2 ROW WITH TIES
-- ;
SELECT  thousand
		FROM onek WHERE thousand < 5
		ORDER BY thousand FETCH FIRST 2 ROW ONLY
-- ;
CREATE VIEW limit_thousand_v_1 AS SELECT thousand FROM onek WHERE thousand < 995
		ORDER BY thousand FETCH FIRST 5 ROWS WITH TIES OFFSET 10
-- ;
CREATE VIEW limit_thousand_v_2 AS SELECT thousand FROM onek WHERE thousand < 995
		ORDER BY thousand OFFSET 10 FETCH FIRST 5 ROWS ONLY
-- ;
CREATE VIEW limit_thousand_v_3 AS SELECT thousand FROM onek WHERE thousand < 995
		ORDER BY thousand FETCH FIRST NULL ROWS WITH TIES
-- ;
CREATE VIEW limit_thousand_v_3 AS SELECT thousand FROM onek WHERE thousand < 995
		ORDER BY thousand FETCH FIRST (NULL+1) ROWS WITH TIES
-- ;
CREATE VIEW limit_thousand_v_4 AS SELECT thousand FROM onek WHERE thousand < 995
		ORDER BY thousand FETCH FIRST (5::bigint) ROWS WITH TIES
-- ;
CREATE VIEW limit_thousand_v_5 AS SELECT thousand FROM onek WHERE thousand < 995
		ORDER BY thousand FETCH FIRST NULL ROWS ONLY
-- ;
insert into inserttest (col1, col2, col3) values (DEFAULT, DEFAULT, DEFAULT)
-- ;
insert into inserttest (col2, col3) values (3, DEFAULT)
-- ;
insert into inserttest (col1, col2, col3) values (DEFAULT, 5, DEFAULT)
-- ;
insert into inserttest values (DEFAULT, 5, 'test')
-- ;
insert into inserttest values (DEFAULT, 7)
-- ;
select * from inserttest
-- ;
insert into inserttest (col1, col2, col3) values (DEFAULT, DEFAULT)
-- ;
insert into inserttest (col1, col2, col3) values (1, 2)
-- ;
insert into inserttest (col1) values (1, 2)
-- ;
insert into inserttest (col1) values (DEFAULT, DEFAULT)
-- ;
insert into inserttest values(10, 20, '40'), (-1, 2, DEFAULT),
    ((select 2), (select i from (values(3)) as foo (i)), 'values are fun!')
-- ;
insert into inserttest values(30, 50, repeat('x', 10000))
-- ;
select col1, col2, char_length(col3) from inserttest
-- ;
INSERT INTO large_tuple_test (select 1, NULL)
-- ;
INSERT INTO large_tuple_test (select 2, repeat('a', 1000))
-- ;
SELECT pg_size_pretty(pg_relation_size('large_tuple_test'::regclass, 'main'))
-- ;
INSERT INTO large_tuple_test (select 3, NULL)
-- ;
INSERT INTO large_tuple_test (select 4, repeat('a', 8126))
-- ;
insert into inserttest (f2[1], f2[2]) values (1,2)
-- ;
insert into inserttest (f2[1], f2[2]) select 7,8
-- ;
insert into inserttest (f2[1], f2[2]) values (1,default)
-- ;
insert into inserttest (f3.if1, f3.if2) values (1,array['foo'])
-- ;
insert into inserttest (f3.if1, f3.if2) values (1,'{foo}'), (2,'{bar}')
-- ;
insert into inserttest (f3.if1, f3.if2) select 3, '{baz,quux}'
-- ;
insert into inserttest (f3.if1, f3.if2) values (1,default)
-- ;
insert into inserttest (f3.if2[1], f3.if2[2]) values ('foo', 'bar')
-- ;
insert into inserttest (f3.if2[1], f3.if2[2]) select 'bear', 'beer'
-- ;
insert into inserttest (f4[1].if2[1], f4[1].if2[2]) values ('foo', 'bar')
-- ;
insert into inserttest (f4[1].if2[1], f4[1].if2[2]) select 'bear', 'beer'
-- ;
create rule irule1 as on insert to inserttest2 do also
  insert into inserttest (f3.if2[1], f3.if2[2])
  values (new.f1,new.f2)
-- ;
insert into inserttesta (f2[1], f2[2]) values (1,2)
-- ;
insert into inserttesta (f2[1], f2[2]) select 7,8
-- ;
insert into inserttesta (f2[1], f2[2]) values (1,default)
-- ;
insert into inserttesta (f2[1], f2[2]) select 0,8
-- ;
insert into inserttestb (f3.if1, f3.if2) values (1,array['foo'])
-- ;
insert into inserttestb (f3.if1, f3.if2) values (1,'{foo}'), (2,'{bar}')
-- ;
insert into inserttestb (f3.if1, f3.if2) select 3, '{baz,quux}'
-- ;
insert into inserttestb (f3.if1, f3.if2) values (1,default)
-- ;
insert into inserttestb (f3.if1, f3.if2) values (1,array[null])
-- ;
insert into inserttestb (f3.if1, f3.if2) select 3, '{null,quux}'
-- ;
insert into inserttestb (f3.if2[1], f3.if2[2]) values ('foo', 'bar')
-- ;
insert into inserttestb (f3.if2[1], f3.if2[2]) select 'bear', 'beer'
-- ;
insert into inserttestb (f3, f4[1].if2[1], f4[1].if2[2]) values (row(1,'{x}'), 'foo', 'bar')
-- ;
insert into inserttestb (f3, f4[1].if2[1], f4[1].if2[2]) values (row(1,'{x}'), 'foo', 'bar'), (row(2,'{y}'), 'baz', 'quux')
-- ;
insert into inserttestb (f3, f4[1].if2[1], f4[1].if2[2]) select row(1,'{x}')::insert_test_domain, 'bear', 'beer'
-- ;
select * from inserttesta
-- ;
select * from inserttestb
-- ;
insert into inserttesta (f1[1]) values (1)
-- ;
insert into inserttesta (f1[1], f1[2]) values (1, 2)
-- ;
insert into inserttestb (f1.if1) values (1)
-- ;
insert into inserttestb (f1.if1, f1.if2) values (1, '{foo}')
-- ;
insert into range_parted values ('a', 11)
-- ;
insert into part1 values ('a', 11)
-- ;
insert into part4 values ('b', 21)
-- ;
insert into part1 values (null)
-- ;
insert into part1 values (1)
-- ;
insert into part_aa_bb values ('cc', 1)
-- ;
insert into part_aa_bb values (null)
-- ;
insert into part_cc_dd values ('cC', 1)
-- ;
insert into part_null values (null, 0)
-- ;
insert into part_default values ('aa', 2)
-- ;
insert into part_default values (null, 2)
-- ;
insert into part_ee_ff1 values ('EE', 11)
-- ;
insert into part_default_p2 values ('gg', 43)
-- ;
insert into part_ee_ff2 values ('ff', 11)
-- ;
insert into part_default_p1 values ('cd', 25)
-- ;
insert into list_parted values ('ab', 21)
-- ;
select tableoid::regclass, * from list_parted
-- ;
insert into range_parted values ('a')
-- ;
insert into part_def values ('b', 10)
-- ;
insert into range_parted values (null, null)
-- ;
insert into range_parted values ('a', null)
-- ;
insert into range_parted values (null, 19)
-- ;
select tableoid::regclass, * from range_parted
-- ;
insert into list_parted values (null, 1)
-- ;
insert into list_parted (a) values ('aA')
-- ;
insert into part_ee_ff values ('EE', 0)
-- ;
truncate list_parted
-- ;
insert into list_parted values ('aa'), ('cc')
-- ;
insert into list_parted select 'Ff', s.a from generate_series(1, 29) s(a)
-- ;
insert into list_parted select 'gg', s.a from generate_series(1, 9) s(a)
-- ;
insert into list_parted (b) values (1)
-- ;
select tableoid::regclass::text, a, min(b) as min_b, max(b) as max_b from list_parted group by 1, 2 order by 1
-- ;
insert into hash_parted values(generate_series(1,10))
-- ;
insert into hpart0 values(12),(16)
-- ;
insert into hpart3 values(11)
-- ;
select tableoid::regclass as part, a, a%4 as "remainder = a % 4"
from hash_parted order by part
-- ;
insert into part_default values (null)
-- ;
insert into part_default values (1)
-- ;
select tableoid::regclass, a from list_parted
-- ;
select attrelid::regclass, attname, attnum
from pg_attribute
where attname = 'a'
 and (attrelid = 'mlparted'::regclass
   or attrelid = 'mlparted1'::regclass
   or attrelid = 'mlparted11'::regclass)
order by attrelid::regclass::text
-- ;
insert into mlparted values (1, 2)
-- ;
select tableoid::regclass, * from mlparted
-- ;
insert into mlparted (a, b) values (1, 5)
-- ;
truncate mlparted
-- ;
create function mlparted11_trig_fn()
returns trigger AS
$$
begin
  NEW.b := 4;
  return NEW;
end;
$$
language plpgsql
-- ;
insert into mlparted1 (a, b) values (2, 3)
-- ;
insert into lparted_nonullpart values (1)
-- ;
with ins (a, b, c) as
  (insert into mlparted (b, a) select s.a, 1 from generate_series(2, 39) s(a) returning tableoid::regclass, *)
  select a, b, min(c), max(c) from ins group by a, b order by 1
-- ;
insert into mlparted values (1, 45, 'a')
-- ;
insert into mlparted5 (a, b, c) values (1, 40, 'a')
-- ;
insert into mlparted_def1 values (42, 100)
-- ;
insert into mlparted_def2 values (54, 50)
-- ;
select tableoid::regclass, * from mlparted_def
-- ;
insert into mlparted values (1, 2, 'a', 1)
-- ;
select tableoid::regclass, * from mlparted order by a, b, c, d
-- ;
insert into key_desc values (1, 1)
-- ;
insert into mcrparted values (null, null, null)
-- ;
insert into mcrparted values (0, 1, 1)
-- ;
insert into mcrparted0 values (0, 1, 1)
-- ;
insert into mcrparted1 values (9, 1000, 1)
-- ;
insert into mcrparted2 values (10, 6, 1000)
-- ;
insert into mcrparted3 values (11, 1, -1)
-- ;
insert into mcrparted5 values (30, 21, 20)
-- ;
insert into mcrparted4 values (30, 21, 20)
-- ;
select tableoid::regclass::text, * from mcrparted order by 1
-- ;
create or replace function brtrigpartcon1trigf() returns trigger as $$begin new.a := 2; return new; end$$ language plpgsql
-- ;
insert into brtrigpartcon values (1, 'hi there')
-- ;
insert into brtrigpartcon1 values (1, 'hi there')
-- ;
with result as (insert into brtrigpartcon values (1, 'hi there') returning 1)
  insert into inserttest3 (f3) select * from result
-- ;
insert into donothingbrtrig_test values (1, 'foo'), (2, 'bar')
-- ;
copy donothingbrtrig_test from stdout
-- ;
select tableoid::regclass, * from donothingbrtrig_test
-- ;
insert into mcrparted values ('aaa', 0), ('b', 0), ('bz', 10), ('c', -10),
    ('comm', -10), ('common', -10), ('common', 0), ('common', 10),
    ('commons', 0), ('d', -10), ('e', 0)
-- ;
select tableoid::regclass, * from mcrparted order by a, b
-- ;
insert into returningwrtest values (1) returning returningwrtest
-- ;
insert into returningwrtest values (2, 'foo') returning returningwrtest
-- ;
create view insertconflictview as select * from insertconflicttest
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (key) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (fruit) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (key, fruit) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (fruit, key, fruit, key) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (lower(fruit), key, lower(fruit), key) do nothing
-- ;
explain (costs off) insert into insertconflictview values(0, 'Crowberry') on conflict (lower(fruit), key, lower(fruit), key) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (key, fruit) do update set fruit = excluded.fruit
  where exists (select 1 from insertconflicttest ii where ii.key = excluded.key)
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (key, fruit text_pattern_ops) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (key, fruit collate "C") do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (fruit collate "C" text_pattern_ops, key) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (lower(fruit) collate "C", key, key) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (fruit, key, fruit text_pattern_ops, key) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (lower(fruit) collate "C" text_pattern_ops, key, key) do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (lower(fruit) text_pattern_ops, upper(fruit) collate "C") do nothing
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (lower(fruit) collate "C", upper(fruit) text_pattern_ops) do nothing
-- ;
explain (costs off) insert into insertconflicttest values (0, 'Bilberry') on conflict (key) do update set fruit = excluded.fruit
-- ;
explain (costs off) insert into insertconflicttest values (0, 'Bilberry') on conflict (key) do update set fruit = excluded.fruit where insertconflicttest.fruit != 'Cawesh'
-- ;
explain (costs off) insert into insertconflicttest values(0, 'Crowberry') on conflict (key) do update set fruit = excluded.fruit where excluded.fruit != 'Elderberry'
-- ;
explain (costs off, format json) insert into insertconflicttest values (0, 'Bilberry') on conflict (key) do update set fruit = excluded.fruit where insertconflicttest.fruit != 'Lime' returning *
-- ;
insert into insertconflicttest values (1, 'Apple') on conflict do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (1, 'Apple') on conflict (key) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (2, 'Orange') on conflict (key, key, key) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest
values (1, 'Apple'), (2, 'Orange')
on conflict (key) do update set (fruit, key) = (excluded.fruit, excluded.key)
-- ;
insert into insertconflicttest values (1, 'Apple') on conflict (key) do update set fruit = excluded.fruit RETURNING excluded.fruit
-- ;
insert into insertconflicttest values (1, 'Apple') on conflict (keyy) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (1, 'Apple') on conflict (key) do update set fruit = excluded.fruitt
-- ;
insert into insertconflicttest values (3, 'Kiwi') on conflict (key, fruit) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (4, 'Mango') on conflict (fruit, key) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (5, 'Lemon') on conflict (fruit) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (6, 'Passionfruit') on conflict (lower(fruit)) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest AS ict values (6, 'Passionfruit') on conflict (key) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest AS ict values (6, 'Passionfruit') on conflict (key) do update set fruit = ict.fruit
-- ;
insert into insertconflicttest AS ict values (6, 'Passionfruit') on conflict (key) do update set fruit = insertconflicttest.fruit
-- ;
insert into insertconflicttest values (11, 'Cherry') on conflict (key, lower(fruit)) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (12, 'Date') on conflict (lower(fruit), key) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (21, 'Pomegranate') on conflict (lower(fruit), lower(fruit)) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (22, 'Apricot') on conflict (upper(fruit)) do update set fruit = excluded.fruit
-- ;
explain (costs off) insert into insertconflicttest values (26, 'Fig') on conflict (lower(fruit), key, lower(fruit), key) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (27, 'Prune') on conflict (key, upper(fruit)) do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest values (23, 'Blackberry') on conflict (key) where fruit like '%berry' do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest as t values (23, 'Blackberry') on conflict (key) where fruit like '%berry' and t.fruit = 'inconsequential' do nothing
-- ;
insert into insertconflictview as t values (23, 'Blackberry') on conflict (key) where fruit like '%berry' and t.fruit = 'inconsequential' do nothing
-- ;
insert into insertconflicttest values (23, 'Blackberry') on conflict (key) where fruit like '%berry' or fruit = 'consequential' do nothing
-- ;
insert into insertconflicttest values (23, 'Blackberry') on conflict (fruit) where fruit like '%berry' do update set fruit = excluded.fruit
-- ;
insert into insertconflicttest as i values (23, 'Jackfruit') on conflict (key) do update set fruit = excluded.fruit
  where i.* != excluded.* returning *
-- ;
insert into insertconflicttest as i values (23, 'Jackfruit') on conflict (key) do update set fruit = excluded.fruit
  where i.* = excluded.* returning *
-- ;
insert into insertconflicttest as i values (23, 'Avocado') on conflict (key) do update set fruit = excluded.*::text
  returning *
-- ;
explain (costs off) insert into insertconflicttest as i values (23, 'Avocado') on conflict (key) do update set fruit = excluded.fruit where excluded.* is null
-- ;
explain (costs off) insert into insertconflicttest as i values (23, 'Avocado') on conflict (key) do update set fruit = excluded.*::text
-- ;
insert into syscolconflicttest values (1)
-- ;
insert into syscolconflicttest values (1) on conflict (key) do update set data = excluded.ctid::text
-- ;
insert into insertconflict values (1, 2)
on conflict (coalesce(a, 0)) do nothing
-- ;
insert into insertconflict values (1, 2)
on conflict (b) where coalesce(a, 1) > 0 do nothing
-- ;
create view insertconflictv as
  select * from insertconflict with cascaded check option
-- ;
insert into insertconflictv values (1,'foo')
  on conflict (f1) do update set f2 = excluded.f2
-- ;
select * from insertconflict
-- ;
insert into cities values ('San Francisco', 7.24E+5, 63)
-- ;
insert into capitals values ('Sacramento', 3.694E+5, 30, 'CA')
-- ;
select * from capitals
-- ;
insert into cities values ('Las Vegas', 2.583E+5, 2174) on conflict do nothing
-- ;
insert into capitals values ('Sacramento', 4664.E+5, 30, 'CA') on conflict (name) do update set population = excluded.population
-- ;
insert into capitals values ('Sacramento', 50, 2267, 'NE') on conflict (name) do nothing
-- ;
insert into cities values ('Las Vegas', 5.83E+5, 2001) on conflict (name) do update set population = excluded.population, altitude = excluded.altitude
-- ;
select tableoid::regclass, * from cities
-- ;
insert into excluded values(1, '1')
-- ;
insert into excluded values(1, '2') on conflict (key) do update set data = excluded.data RETURNING *
-- ;
insert into excluded AS target values(1, '2') on conflict (key) do update set data = excluded.data RETURNING *
-- ;
insert into excluded AS target values(1, '2') on conflict (key) do update set data = target.data RETURNING *
-- ;
insert into excluded values(1, '2') on conflict (key) do update set data = 3 RETURNING excluded.*
-- ;
insert into dropcol(key, drop1, keep1, drop2, keep2) values(1, 1, '1', '1', 1)
-- ;
insert into dropcol(key, drop1, keep1, drop2, keep2) values(1, 2, '2', '2', 2) on conflict(key)
    do update set drop1 = excluded.drop1, keep1 = excluded.keep1, drop2 = excluded.drop2, keep2 = excluded.keep2
    where excluded.drop1 is not null and excluded.keep1 is not null and excluded.drop2 is not null and excluded.keep2 is not null
          and dropcol.drop1 is not null and dropcol.keep1 is not null and dropcol.drop2 is not null and dropcol.keep2 is not null
    returning *
-- ;
insert into dropcol(key, drop1, keep1, drop2, keep2) values(1, 3, '3', '3', 3) on conflict(key)
    do update set drop1 = dropcol.drop1, keep1 = dropcol.keep1, drop2 = dropcol.drop2, keep2 = dropcol.keep2
    returning *
-- ;
insert into dropcol(key, keep1, keep2) values(1, '4', 4) on conflict(key)
    do update set keep1 = excluded.keep1, keep2 = excluded.keep2
    where excluded.keep1 is not null and excluded.keep2 is not null
          and dropcol.keep1 is not null and dropcol.keep2 is not null
    returning *
-- ;
insert into dropcol(key, keep1, keep2) values(1, '5', 5) on conflict(key)
    do update set keep1 = dropcol.keep1, keep2 = dropcol.keep2
    returning *
-- ;
insert into twoconstraints values(1, '((0,0),(1,1))')
-- ;
insert into twoconstraints values(2, '((0,0),(1,2))')
  on conflict on constraint twoconstraints_f1_key do nothing
-- ;
insert into twoconstraints values(2, '((0,0),(1,2))')
  on conflict on constraint twoconstraints_f2_excl do nothing
-- ;
select * from twoconstraints
-- ;
insert into selfconflict values (1,1), (1,2) on conflict do nothing
-- ;
insert into selfconflict values (4,1), (4,2) on conflict(f1) do update set f2 = 0
-- ;
select * from selfconflict
-- ;
insert into parted_conflict_test values (1, 'a') on conflict do nothing
-- ;
insert into parted_conflict_test values (1, 'a') on conflict (a) do nothing
-- ;
insert into parted_conflict_test values (1, 'a') on conflict (a) do update set b = excluded.b
-- ;
insert into parted_conflict_test_1 values (1, 'a') on conflict (a) do nothing
-- ;
insert into parted_conflict_test_1 values (1, 'b') on conflict (a) do update set b = excluded.b
-- ;
insert into parted_conflict_test values (2, 'b') on conflict (b) do update set a = excluded.a
-- ;
insert into parted_conflict_test_1 values (2, 'b') on conflict (b) do update set a = excluded.a
-- ;
select * from parted_conflict_test order by a
-- ;
truncate parted_conflict_test
-- ;
insert into parted_conflict_test (a, b) values (4, 'a') on conflict (a) do update set b = excluded.b
-- ;
insert into parted_conflict_test (a, b) values (4, 'b') on conflict (a) do update set b = excluded.b where parted_conflict_test.b = 'a'
-- ;
insert into parted_conflict_test (a, b) values (1, 'a'), (2, 'a'), (4, 'a') on conflict (a) do update set b = excluded.b where excluded.b = 'b'
-- ;
insert into parted_conflict values (40, 'forty')
-- ;
insert into parted_conflict_1 values (40, 'cuarenta')
  on conflict (a) do update set b = excluded.b
-- ;
truncate parted_conflict
-- ;
insert into parted_conflict values (50, 'cincuenta', 1)
-- ;
insert into parted_conflict values (50, 'cincuenta', 2)
  on conflict (a, b) do update set (a, b, c) = row(excluded.*)
  where parted_conflict = (50, text 'cincuenta', 1) and
        excluded = (50, text 'cincuenta', 2)
-- ;
select * from parted_conflict order by a
-- ;
create or replace function parted_conflict_update_func() returns trigger as $$
declare
    r record;
begin
 for r in select * from inserted loop
	raise notice 'a = %, b = %, c = %', r.a, r.b, r.c;
 end loop;
 return new;
end;
$$ language plpgsql
-- ;
insert into parted_conflict values(0, 'cero', 1)
  on conflict (a,b) do update set c = parted_conflict.c + 1
-- ;
INSERT INTO update_test VALUES (5, 10, 'foo')
-- ;
INSERT INTO update_test(b, a) VALUES (15, 10)
-- ;
SELECT * FROM update_test
-- ;
UPDATE update_test SET a = DEFAULT, b = DEFAULT
-- ;
UPDATE update_test AS t SET b = 10 WHERE t.a = 10
-- ;
UPDATE update_test t SET b = t.b + 10 WHERE t.a = 10
-- ;
UPDATE update_test SET a=v.i FROM (VALUES(100, 20)) AS v(i, j)
  WHERE update_test.b = v.j
-- ;
UPDATE update_test SET a = v.* FROM (VALUES(100, 20)) AS v(i, j)
  WHERE update_test.b = v.j
-- ;
INSERT INTO update_test SELECT a,b+1,c FROM update_test
-- ;
UPDATE update_test SET (c,b,a) = ('bugle', b+11, DEFAULT) WHERE c = 'foo'
-- ;
UPDATE update_test SET (c,b) = ('car', a+b), a = a + 1 WHERE a = 10
-- ;
UPDATE update_test SET (c,b) = ('car', a+b), b = a + 1 WHERE a = 10
-- ;
UPDATE update_test
  SET (b,a) = (select a,b from update_test where b = 41 and c = 'car')
  WHERE a = 100 AND b = 20
-- ;
UPDATE update_test o
  SET (b,a) = (select a+1,b from update_test i
               where i.a=o.a and i.b=o.b and i.c is not distinct from o.c)
-- ;
UPDATE update_test SET (b,a) = (select a+1,b from update_test)
-- ;
UPDATE update_test SET (b,a) = (select a+1,b from update_test where a = 1000)
  WHERE a = 11
-- ;
UPDATE update_test SET (a,b) = ROW(v.*) FROM (VALUES(21, 100)) AS v(i, j)
  WHERE update_test.a = v.i
-- ;
UPDATE update_test SET (a,b) = (v.*) FROM (VALUES(21, 101)) AS v(i, j)
  WHERE update_test.a = v.i
-- ;
UPDATE update_test AS t SET b = update_test.b + 10 WHERE t.a = 10
-- ;
UPDATE update_test SET c = repeat('x', 10000) WHERE c = 'car'
-- ;
SELECT a, b, char_length(c) FROM update_test
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
UPDATE update_test t
  SET (a, b) = (SELECT b, a FROM update_test s WHERE s.a = t.a)
  WHERE CURRENT_USER = SESSION_USER
-- ;
UPDATE update_test t
  SET (a, b) = (SELECT b, a FROM update_test s WHERE s.a = t.a)
  WHERE CURRENT_USER = SESSION_USER
-- ;
INSERT INTO upsert_test VALUES(1, 'Boo'), (3, 'Zoo')
-- ;
WITH aaa AS (SELECT 1 AS a, 'Foo' AS b) INSERT INTO upsert_test
  VALUES (1, 'Bar') ON CONFLICT(a)
  DO UPDATE SET (b, a) = (SELECT b, a FROM aaa) RETURNING *
-- ;
INSERT INTO upsert_test VALUES (1, 'Baz'), (3, 'Zaz') ON CONFLICT(a)
  DO UPDATE SET (b, a) = (SELECT b || ', Correlated', a from upsert_test i WHERE i.a = upsert_test.a)
  RETURNING *
-- ;
INSERT INTO upsert_test VALUES (1, 'Bat'), (3, 'Zot') ON CONFLICT(a)
  DO UPDATE SET (b, a) = (SELECT b || ', Excluded', a from upsert_test i WHERE i.a = excluded.a)
  RETURNING *
-- ;
INSERT INTO upsert_test VALUES (2, 'Beeble') ON CONFLICT(a)
  DO UPDATE SET (b, a) = (SELECT b || ', Excluded', a from upsert_test i WHERE i.a = excluded.a)
  RETURNING tableoid::regclass, xmin = pg_current_xact_id()::xid AS xmin_correct, xmax = 0 AS xmax_correct
-- ;
INSERT INTO upsert_test VALUES (2, 'Brox') ON CONFLICT(a)
  DO UPDATE SET (b, a) = (SELECT b || ', Excluded', a from upsert_test i WHERE i.a = excluded.a)
  RETURNING tableoid::regclass, xmin = pg_current_xact_id()::xid AS xmin_correct, xmax = pg_current_xact_id()::xid AS xmax_correct
-- ;
WITH aaa AS (SELECT 1 AS ctea, ' Foo' AS cteb) INSERT INTO upsert_test
  VALUES (1, 'Bar'), (2, 'Baz') ON CONFLICT(a)
  DO UPDATE SET (b, a) = (SELECT upsert_test.b||cteb, upsert_test.a FROM aaa) RETURNING *
-- ;
UPDATE part_b_10_b_20 set b = b - 6
-- ;
EXPLAIN (costs off) UPDATE range_parted set c = c - 50 WHERE c > 97
-- ;
UPDATE part_c_100_200 set c = c - 20, d = c WHERE c = 105
-- ;
UPDATE part_b_10_b_20 set a = 'a'
-- ;
UPDATE range_parted set d = d - 10 WHERE d > 10
-- ;
UPDATE range_parted set e = d
-- ;
UPDATE part_c_1_100 set c = c + 20 WHERE c = 98
-- ;
UPDATE part_b_10_b_20 set c = c + 20 returning c, b, a
-- ;
UPDATE part_b_10_b_20 set b = b - 6 WHERE c > 116 returning *
-- ;
UPDATE range_parted set b = b - 6 WHERE c > 116 returning a, b + c
-- ;
INSERT into mintab VALUES (120)
-- ;
CREATE VIEW upview AS SELECT * FROM range_parted WHERE (select c > c1 FROM mintab) WITH CHECK OPTION
-- ;
UPDATE upview set c = 199 WHERE b = 4
-- ;
UPDATE upview set a = 'b', b = 15, c = 120 WHERE b = 4
-- ;
UPDATE upview set a = 'b', b = 15 WHERE b = 4
-- ;
UPDATE range_parted set c = 95 WHERE a = 'b' and b > 10 and c > 100 returning (range_parted), *
-- ;
UPDATE range_parted set c = (case when c = 96 then 110 else c + 1 end ) WHERE a = 'b' and b > 10 and c >= 96
-- ;
UPDATE range_parted set c = c + 50 WHERE a = 'b' and b > 10 and c >= 96
-- ;
UPDATE range_parted set b = 15 WHERE b = 1
-- ;
UPDATE range_parted set a = 'b', c = 151 WHERE a = 'a' and c = 200
-- ;
UPDATE range_parted set c = c - 50 WHERE c > 97
-- ;
update part_def set a = 'd' where a = 'c'
-- ;
UPDATE part_a_10_a_20 set a = 'ad' WHERE a = 'a'
-- ;
UPDATE range_parted set a = 'ad' WHERE a = 'a'
-- ;
INSERT into list_part1 VALUES ('a', 1)
-- ;
INSERT into list_default VALUES ('d', 10)
-- ;
UPDATE list_default set a = 'a' WHERE a = 'd'
-- ;
insert into utrtest values (1, 'foo')
  returning *, tableoid::regclass, xmin = pg_current_xact_id()::xid as xmin_ok
-- ;
insert into utrtest values (2, 'bar')
  returning *, tableoid::regclass, xmin = pg_current_xact_id()::xid as xmin_ok
-- ;
insert into utrtest values (2, 'bar')
  returning *, tableoid::regclass
-- ;
update utrtest set b = b || b from (values (1), (2)) s(x) where a = s.x
  returning *, tableoid::regclass, xmin = pg_current_xact_id()::xid as xmin_ok
-- ;
update utrtest set a = 3 - a from (values (1), (2)) s(x) where a = s.x
  returning *, tableoid::regclass, xmin = pg_current_xact_id()::xid as xmin_ok
-- ;
update utrtest set a = 3 - a from (values (1), (2)) s(x) where a = s.x
  returning *, tableoid::regclass
-- ;
delete from utrtest
  returning *, tableoid::regclass, xmax = pg_current_xact_id()::xid as xmax_ok
-- ;
INSERT into list_parted VALUES (2,5,50)
-- ;
INSERT into sub_parted VALUES (1,1,60)
-- ;
UPDATE sub_parted set a = 2 WHERE c = 10
-- ;
SELECT tableoid::regclass::text, * FROM list_parted WHERE a = 2 ORDER BY 1
-- ;
UPDATE list_parted set b = c + a WHERE a = 2
-- ;
SELECT tableoid::regclass::text, * FROM list_parted ORDER BY 1, 2, 3, 4
-- ;
UPDATE list_parted set c = 70 WHERE b  = 1
-- ;
UPDATE list_parted set b = 1 WHERE c = 70
-- ;
INSERT into non_parted VALUES (1), (1), (1), (2), (2), (2), (3), (3), (3)
-- ;
UPDATE list_parted t1 set a = 2 FROM non_parted t2 WHERE t1.a = t2.id and a = 1
-- ;
insert into hpart1 values (1, 1)
-- ;
insert into hpart2 values (2, 5)
-- ;
insert into hpart4 values (3, 4)
-- ;
update hpart1 set a = 3, b=4 where a = 1
-- ;
update hash_parted set b = b - 1 where b = 1
-- ;
update hash_parted set b = b + 8 where b = 1
-- ;
INSERT INTO delete_test (a) VALUES (10)
-- ;
INSERT INTO delete_test (a, b) VALUES (50, repeat('x', 10000))
-- ;
DELETE FROM delete_test AS dt WHERE dt.a > 75
-- ;
DELETE FROM delete_test dt WHERE delete_test.a > 25
-- ;
SELECT id, a, char_length(b) FROM delete_test
-- ;
DELETE FROM delete_test WHERE a > 25
-- ;
INSERT INTO foo (f2,f3)
  VALUES ('test', DEFAULT), ('More', 11), (upper('more'), 7+9)
  RETURNING *, f1+f3 AS sum
-- ;
SELECT * FROM foo
-- ;
UPDATE foo SET f2 = lower(f2), f3 = DEFAULT RETURNING foo.*, f1+f3 AS sum13
-- ;
DELETE FROM foo WHERE f1 > 2 RETURNING f3, f2, f1, least(f1,f3)
-- ;
INSERT INTO foo SELECT f1+10, f2, f3+99 FROM foo
  RETURNING *, f1+112 IN (SELECT q1 FROM int8_tbl) AS subplan,
    EXISTS(SELECT * FROM int4_tbl) AS initplan
-- ;
UPDATE foo SET f3 = f3 * 2
  WHERE f1 > 10
  RETURNING *, f1+112 IN (SELECT q1 FROM int8_tbl) AS subplan,
    EXISTS(SELECT * FROM int4_tbl) AS initplan
-- ;
DELETE FROM foo
  WHERE f1 > 10
  RETURNING *, f1+112 IN (SELECT q1 FROM int8_tbl) AS subplan,
    EXISTS(SELECT * FROM int4_tbl) AS initplan
-- ;
UPDATE foo SET f3 = f3*2
  FROM int4_tbl i
  WHERE foo.f1 + 123455 = i.f1
  RETURNING foo.*, i.f1 as "i.f1"
-- ;
DELETE FROM foo
  USING int4_tbl i
  WHERE foo.f1 + 123455 = i.f1
  RETURNING foo.*, i.f1 as "i.f1"
-- ;
INSERT INTO foochild VALUES(123,'child',999,-123)
-- ;
SELECT * FROM foochild
-- ;
UPDATE foo SET f4 = f4 + f3 WHERE f4 = 99 RETURNING *
-- ;
UPDATE foo SET f3 = f3*2
  FROM int8_tbl i
  WHERE foo.f1 = i.q2
  RETURNING *
-- ;
DELETE FROM foo
  USING int8_tbl i
  WHERE foo.f1 = i.q2
  RETURNING *
-- ;
CREATE TEMP VIEW voo AS SELECT f1, f2 FROM foo
-- ;
CREATE RULE voo_i AS ON INSERT TO voo DO INSTEAD
  INSERT INTO foo VALUES(new.*, 57)
-- ;
INSERT INTO voo VALUES(11,'zit')
-- ;
INSERT INTO voo VALUES(12,'zoo') RETURNING *, f1*2
-- ;
INSERT INTO voo VALUES(14,'zoo2') RETURNING *
-- ;
SELECT * FROM voo
-- ;
update voo set f1 = f1 + 1 where f2 = 'zoo2'
-- ;
update voo set f1 = f1 + 1 where f2 = 'zoo2' RETURNING *, f1*2
-- ;
DELETE FROM foo WHERE f1 = 13
-- ;
DELETE FROM foo WHERE f2 = 'zit' RETURNING *
-- ;
CREATE TEMP VIEW foo_v AS SELECT * FROM foo OFFSET 0
-- ;
UPDATE foo SET f2 = foo_v.f2 FROM foo_v WHERE foo_v.f1 = foo.f1
  RETURNING foo_v
-- ;
UPDATE foo SET f2 = foo_f.f2 FROM foo_f() WHERE foo_f.f1 = foo.f1
  RETURNING foo_f
-- ;
INSERT INTO joinme VALUES('more', 12345)
-- ;
CREATE TEMP VIEW joinview AS
  SELECT foo.*, other FROM foo JOIN joinme ON (f2 = f2j)
-- ;
SELECT * FROM joinview
-- ;
UPDATE joinview SET f1 = f1 + 1 WHERE f3 = 57 RETURNING *, other + 1
-- ;
INSERT INTO foo AS bar DEFAULT VALUES RETURNING *
-- ;
INSERT INTO foo AS bar DEFAULT VALUES RETURNING foo.*
-- ;
INSERT INTO foo AS bar DEFAULT VALUES RETURNING bar.*
-- ;
INSERT INTO foo AS bar DEFAULT VALUES RETURNING bar.f3
-- ;
INSERT INTO target VALUES (1, 10)
-- ;
SELECT t.ctid is not null as matched, t.*, s.* FROM source s FULL OUTER JOIN target t ON s.sid = t.tid ORDER BY t.tid, s.sid
-- ;
EXPLAIN (COSTS OFF)
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	DELETE
-- ;
MERGE INTO target
USING target
ON tid = tid
WHEN MATCHED THEN DO NOTHING
-- ;
WITH foo AS (
  MERGE INTO target USING source ON (true)
  WHEN MATCHED THEN DELETE
) SELECT * FROM foo
-- ;
COPY (
  MERGE INTO target USING source ON (true)
  WHEN MATCHED THEN DELETE
) TO stdout
-- ;
CREATE VIEW tv AS SELECT * FROM target
-- ;
MERGE INTO tv t
USING source s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT DEFAULT VALUES
-- ;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM target
-- ;
MERGE INTO mv t
USING source s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT DEFAULT VALUES
-- ;
MERGE INTO target
USING (SELECT 1) AS s
ON true
WHEN MATCHED THEN
	DO NOTHING
-- ;
MERGE INTO target
USING source2
ON target.tid = source2.sid
WHEN MATCHED THEN
	UPDATE SET balance = 0
-- ;
MERGE INTO target2
USING source
ON target2.tid = source.sid
WHEN MATCHED THEN
	DELETE
-- ;
MERGE INTO target2
USING source
ON target2.tid = source.sid
WHEN NOT MATCHED THEN
	INSERT DEFAULT VALUES
-- ;
MERGE INTO target t
USING (SELECT * FROM source WHERE t.tid > sid) s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT DEFAULT VALUES
-- ;
MERGE INTO target
USING source
ON target.tid = source.sid
WHEN MATCHED THEN
	UPDATE SET balance = 0
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	UPDATE SET balance = 0
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	DELETE
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT DEFAULT VALUES
-- ;
INSERT INTO source VALUES (4, 40)
-- ;
SELECT * FROM source ORDER BY sid
-- ;
SELECT * FROM target ORDER BY tid
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	DO NOTHING
-- ;
INSERT INTO target SELECT generate_series(1000,2500), 0
-- ;
EXPLAIN (COSTS OFF)
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	UPDATE SET balance = 0
-- ;
EXPLAIN (COSTS OFF)
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT VALUES (4, NULL)
-- ;
DELETE FROM target WHERE tid > 100
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	DO NOTHING
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT VALUES (4, NULL)
-- ;
DELETE FROM source WHERE sid = 2
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT VALUES (4, 4)
WHEN MATCHED THEN
	UPDATE SET balance = 0
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	UPDATE SET balance = 0
WHEN NOT MATCHED THEN
	INSERT VALUES (4, 4)
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	UPDATE SET balance = t.balance + s.delta
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT VALUES (s.sid, s.delta)
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (s.sid, s.delta)
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (t.tid, s.delta)
-- ;
MERGE INTO target t
USING source AS s
ON (SELECT true)
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (t.tid, s.delta)
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN
	UPDATE SET balance = t.balance + s.delta
WHEN NOT MATCHED THEN
	INSERT VALUES (s.sid, s.delta)
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED THEN /* Terminal WHEN clause for MATCHED */
	DELETE
WHEN MATCHED THEN
	UPDATE SET balance = t.balance - s.delta
-- ;
INSERT INTO wq_source (sid, balance) VALUES (1, 100)
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid) VALUES (s.sid)
-- ;
SELECT * FROM wq_target
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN NOT MATCHED AND FALSE THEN
	INSERT (tid) VALUES (s.sid)
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN NOT MATCHED AND s.balance <> 100 THEN
	INSERT (tid) VALUES (s.sid)
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN NOT MATCHED AND s.balance = 100 THEN
	INSERT (tid) VALUES (s.sid)
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN NOT MATCHED AND t.balance = 100 THEN
	INSERT (tid) VALUES (s.sid)
-- ;
SELECT * FROM wq_source
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND s.balance = 100 THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND t.balance = 100 THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND t.balance = 99 AND s.balance > 100 THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND t.balance = 99 AND s.balance = 100 THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND t.balance = 99 OR s.balance > 100 THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON (t.tid = s.sid)
WHEN matched and t = s or t.tid = s.sid THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND t.balance > (SELECT max(balance) FROM target) THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND t.xmin = t.xmax THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
MERGE INTO wq_target t
USING wq_source s ON t.tid = s.sid
WHEN MATCHED AND t.tableoid >= 0 THEN
	UPDATE SET balance = t.balance + s.balance
-- ;
UPDATE target SET balance = 0 WHERE tid = 3
-- ;
MERGE INTO target t
USING source AS s
ON t.tid = s.sid
WHEN MATCHED AND t.balance > s.delta THEN
	UPDATE SET balance = t.balance - s.delta
WHEN MATCHED THEN
	DELETE
WHEN NOT MATCHED THEN
	INSERT VALUES (s.sid, s.delta)
-- ;
SELECT * FROM target full outer join source on (sid = tid)
-- ;
MERGE INTO target t
USING (SELECT 9 AS sid, 57 AS delta) AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (s.sid, s.delta)
-- ;
MERGE INTO target t
USING (SELECT sid, delta FROM source WHERE delta > 0) AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (s.sid, s.delta)
-- ;
MERGE INTO target t
USING (SELECT sid, delta as newname FROM source WHERE delta > 0) AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (s.sid, s.newname)
-- ;
MERGE INTO target t1
USING target t2
ON t1.tid = t2.tid
WHEN MATCHED THEN
	UPDATE SET balance = t1.balance + t2.balance
WHEN NOT MATCHED THEN
	INSERT VALUES (t2.tid, t2.balance)
-- ;
MERGE INTO target t
USING (SELECT tid as sid, balance as delta FROM target WHERE balance > 0) AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (s.sid, s.delta)
-- ;
MERGE INTO target t
USING
(SELECT sid, max(delta) AS delta
 FROM source
 GROUP BY sid
 HAVING count(*) = 1
 ORDER BY sid ASC) AS s
ON t.tid = s.sid
WHEN NOT MATCHED THEN
	INSERT (tid, balance) VALUES (s.sid, s.delta)
-- ;
SELECT merge_func(3, 4)
-- ;
prepare foom as merge into target t using (select 1 as sid) s on (t.tid = s.sid) when matched then update set balance = 1
-- ;
execute foom
-- ;
PREPARE foom2 (integer, integer) AS
MERGE INTO target t
USING (SELECT 1) s
ON t.tid = $1
WHEN MATCHED THEN
UPDATE SET balance = $2
-- ;
execute foom2 (1, 1)
-- ;
INSERT INTO sq_target(tid, balance) VALUES (1,100), (2,200), (3,300)
-- ;
INSERT INTO sq_source(sid, delta) VALUES (1,10), (2,20), (4,40)
-- ;
MERGE INTO sq_target t
USING (SELECT * FROM sq_source) s
ON tid = sid
WHEN MATCHED AND t.balance > delta THEN
	UPDATE SET balance = t.balance + delta
-- ;
SELECT * FROM sq_target
-- ;
CREATE VIEW v AS SELECT * FROM sq_source WHERE sid < 2
-- ;
MERGE INTO sq_target
USING v
ON tid = sid
WHEN MATCHED THEN
    UPDATE SET balance = v.balance + delta
-- ;
MERGE INTO sq_target
USING v
ON tid = sid
WHEN MATCHED AND tid > 2 THEN
    UPDATE SET balance = balance + delta
WHEN NOT MATCHED THEN
	INSERT (balance, tid) VALUES (balance + delta, sid)
WHEN MATCHED AND tid < 2 THEN
	DELETE
-- ;
INSERT INTO sq_source (sid, balance, delta) VALUES (-1, -1, -10)
-- ;
MERGE INTO sq_target t
USING v
ON tid = sid
WHEN MATCHED AND tid > 2 THEN
    UPDATE SET balance = t.balance + delta
WHEN NOT MATCHED THEN
	INSERT (balance, tid) VALUES (balance + delta, sid)
WHEN MATCHED AND tid < 2 THEN
	DELETE
-- ;
WITH targq AS (
	SELECT * FROM v
)
MERGE INTO sq_target t
USING v
ON tid = sid
WHEN MATCHED AND tid > 2 THEN
    UPDATE SET balance = t.balance + delta
WHEN NOT MATCHED THEN
	INSERT (balance, tid) VALUES (balance + delta, sid)
WHEN MATCHED AND tid < 2 THEN
	DELETE
-- ;
MERGE INTO sq_target t
USING v
ON tid = sid
WHEN MATCHED AND tid > 2 THEN
    UPDATE SET balance = t.balance + delta
WHEN NOT MATCHED THEN
	INSERT (balance, tid) VALUES (balance + delta, sid)
WHEN MATCHED AND tid < 2 THEN
	DELETE
RETURNING *
-- ;
INSERT INTO ex_mtarget SELECT i, i*10 FROM generate_series(1,100,2) i
-- ;
INSERT INTO ex_msource SELECT i, i*10 FROM generate_series(1,100,1) i
-- ;
SELECT explain_merge('
MERGE INTO ex_mtarget t USING ex_msource s ON t.a = s.a
WHEN MATCHED THEN
	UPDATE SET b = t.b + 1')
-- ;
SELECT explain_merge('
MERGE INTO ex_mtarget t USING ex_msource s ON t.a = s.a
WHEN MATCHED AND t.a < 10 THEN
	UPDATE SET b = t.b + 1')
-- ;
SELECT explain_merge('
MERGE INTO ex_mtarget t USING ex_msource s ON t.a = s.a
WHEN MATCHED AND t.a < 10 THEN
	UPDATE SET b = t.b + 1
WHEN MATCHED AND t.a >= 10 AND t.a <= 20 THEN
	DELETE')
-- ;
SELECT explain_merge('
MERGE INTO ex_mtarget t USING ex_msource s ON t.a = s.a
WHEN NOT MATCHED AND s.a < 10 THEN
	INSERT VALUES (a, b)')
-- ;
SELECT explain_merge('
MERGE INTO ex_mtarget t USING ex_msource s ON t.a = s.a
WHEN MATCHED AND t.a < 10 THEN
	UPDATE SET b = t.b + 1
WHEN MATCHED AND t.a >= 30 AND t.a <= 40 THEN
	DELETE
WHEN NOT MATCHED AND s.a < 20 THEN
	INSERT VALUES (a, b)')
-- ;
SELECT explain_merge('
MERGE INTO ex_mtarget t USING ex_msource s ON t.a = s.a AND t.a < -1000
WHEN MATCHED AND t.a < 10 THEN
	DO NOTHING')
-- ;
EXPLAIN (verbose, costs off)
MERGE INTO tgt t
USING (SELECT *, (SELECT count(*) FROM ref r
                   WHERE r.ab = s.a + s.b
                     AND r.cd = s.c - s.d) cnt
         FROM src s) s
ON t.a = s.a AND t.b < s.cnt
WHEN MATCHED AND t.c > s.cnt THEN
  UPDATE SET (b, c) = (SELECT s.b, s.cnt)
-- ;
MERGE INTO sq_target t
USING v
ON tid = sid
WHEN MATCHED THEN
    UPDATE SET balance = (SELECT count(*) FROM sq_target)
-- ;
SELECT * FROM sq_target WHERE tid = 1
-- ;
MERGE INTO sq_target t
USING v
ON tid = sid
WHEN MATCHED AND (SELECT count(*) > 0 FROM sq_target) THEN
    UPDATE SET balance = 42
-- ;
MERGE INTO sq_target t
USING v
ON tid = sid AND (SELECT count(*) > 0 FROM sq_target)
WHEN MATCHED THEN
    UPDATE SET balance = 42
-- ;
INSERT INTO pa_source SELECT id, id * 10  FROM generate_series(1,14) AS id
-- ;
INSERT INTO pa_target SELECT id, id * 100, 'initial' FROM generate_series(1,14,2) AS id
-- ;
MERGE INTO pa_target t
  USING pa_source s
  ON t.tid = s.sid
  WHEN MATCHED THEN
    UPDATE SET balance = balance + delta, val = val || ' updated by merge'
  WHEN NOT MATCHED THEN
    INSERT VALUES (sid, delta, 'inserted by merge')
-- ;
SELECT * FROM pa_target ORDER BY tid
-- ;
MERGE INTO pa_target t
  USING pa_source s
  ON t.tid = s.sid AND tid = 1
  WHEN MATCHED THEN
    UPDATE SET balance = balance + delta, val = val || ' updated by merge'
  WHEN NOT MATCHED THEN
    INSERT VALUES (sid, delta, 'inserted by merge')
-- ;
SELECT merge_func()
-- ;
TRUNCATE pa_target
-- ;
MERGE INTO pa_target t
  USING (VALUES (10, 100)) AS s(sid, delta)
  ON t.tid = s.sid
  WHEN NOT MATCHED THEN
    INSERT VALUES (1, 10, 'inserted by merge')
  WHEN MATCHED THEN
    DO NOTHING
-- ;
SELECT * FROM pa_target ORDER BY tid, val
-- ;
MERGE INTO pa_target t
  USING pa_source s
  ON t.tid = s.sid AND tid IN (1, 5)
  WHEN MATCHED AND tid % 5 = 0 THEN DELETE
  WHEN MATCHED THEN
    UPDATE SET balance = balance + delta, val = val || ' updated by merge'
  WHEN NOT MATCHED THEN
    INSERT VALUES (sid, delta, 'inserted by merge')
-- ;
MERGE INTO pa_target t
  USING pa_source s
  ON t.tid = s.sid AND t.tid IN (1,2,3,4)
  WHEN MATCHED THEN
    UPDATE SET tid = tid - 1
-- ;
INSERT INTO pa_target SELECT '2017-01-31', id, id * 100, 'initial' FROM generate_series(1,9,3) AS id
-- ;
INSERT INTO pa_target SELECT '2017-02-28', id, id * 100, 'initial' FROM generate_series(2,9,3) AS id
-- ;
MERGE INTO pa_target t
  USING (SELECT '2017-01-15' AS slogts, * FROM pa_source WHERE sid < 10) s
  ON t.tid = s.sid
  WHEN MATCHED THEN
    UPDATE SET balance = balance + delta, val = val || ' updated by merge'
  WHEN NOT MATCHED THEN
    INSERT VALUES (slogts::timestamp, sid, delta, 'inserted by merge')
-- ;
INSERT INTO pa_source VALUES (1), (2)
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
MERGE INTO pa_target t USING pa_source s ON t.tid = s.sid
  WHEN NOT MATCHED THEN INSERT VALUES (s.sid)
-- ;
MERGE INTO pa_target t USING pa_source s ON t.tid = s.sid
  WHEN NOT MATCHED THEN INSERT VALUES (s.sid)
-- ;
TABLE pa_target
-- ;
INSERT INTO cj_source1 VALUES (1, 10, 100)
-- ;
INSERT INTO cj_source2 VALUES (1, 'initial source2')
-- ;
MERGE INTO cj_target t
USING cj_source1 s1
	INNER JOIN cj_source2 s2 ON sid1 = sid2
ON t.tid = sid1
WHEN NOT MATCHED THEN
	INSERT VALUES (sid1, delta, sval)
-- ;
MERGE INTO cj_target t
USING cj_source2 s2
	INNER JOIN cj_source1 s1 ON sid1 = sid2 AND scat = 20
ON t.tid = sid1
WHEN NOT MATCHED THEN
	INSERT VALUES (sid2, delta, sval)
WHEN MATCHED THEN
	DELETE
-- ;
MERGE INTO cj_target t
USING cj_source2 s2
	INNER JOIN cj_source1 s1 ON sid1 = sid2
ON t.tid = sid1
WHEN NOT MATCHED THEN
	INSERT VALUES (sid2, delta + scat, sval)
WHEN MATCHED THEN
	UPDATE SET val = val || ' updated by merge'
-- ;
MERGE INTO cj_target t
USING cj_source2 s2
	INNER JOIN cj_source1 s1 ON sid1 = sid2 AND scat = 20
ON t.tid = sid1
WHEN MATCHED THEN
	UPDATE SET val = val || ' ' || delta::text
-- ;
SELECT * FROM cj_target
-- ;
MERGE INTO cj_target t
USING (SELECT *, 'join input'::text AS phv FROM cj_source1) fj
	FULL JOIN cj_source2 fj2 ON fj.scat = fj2.sid2 * 10
ON t.tid = fj.scat
WHEN NOT MATCHED THEN
	INSERT (tid, balance, val) VALUES (fj.scat, fj.delta, fj.phv)
-- ;
TRUNCATE cj_target
-- ;
MERGE INTO cj_target t
USING cj_source1 s1
	INNER JOIN cj_source2 s2 ON s1.sid = s2.sid
ON t.tid = s1.sid
WHEN NOT MATCHED THEN
	INSERT VALUES (s2.sid, delta, sval)
-- ;
MERGE INTO fs_target t
USING generate_series(1,100,1) AS id
ON t.a = id
WHEN MATCHED THEN
	UPDATE SET b = b + id
WHEN NOT MATCHED THEN
	INSERT VALUES (id, -1)
-- ;
MERGE INTO fs_target t
USING generate_series(1,100,2) AS id
ON t.a = id
WHEN MATCHED THEN
	UPDATE SET b = b + id, c = 'updated '|| id.*::text
WHEN NOT MATCHED THEN
	INSERT VALUES (id, -1, 'inserted ' || id.*::text)
-- ;
SELECT count(*) FROM fs_target
-- ;
INSERT INTO measurement VALUES (0, '2005-07-21', 5, 15)
-- ;
SELECT tableoid::regclass, * FROM measurement ORDER BY city_id, logdate
-- ;
INSERT INTO new_measurement VALUES (0, '2005-07-21', 25, 20)
-- ;
INSERT INTO new_measurement VALUES (1, '2006-03-27', NULL, NULL)
-- ;
INSERT INTO new_measurement VALUES (1, '2007-01-15', 5, NULL)
-- ;
MERGE INTO ONLY measurement m
 USING new_measurement nm ON
      (m.city_id = nm.city_id and m.logdate=nm.logdate)
WHEN MATCHED AND nm.peaktemp IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE
     SET peaktemp = greatest(m.peaktemp, nm.peaktemp),
        unitsales = m.unitsales + coalesce(nm.unitsales, 0)
WHEN NOT MATCHED THEN INSERT
     (city_id, logdate, peaktemp, unitsales)
   VALUES (city_id, logdate, peaktemp, unitsales)
-- ;
SELECT tableoid::regclass, * FROM measurement ORDER BY city_id, logdate, peaktemp
-- ;
MERGE into measurement m
 USING new_measurement nm ON
      (m.city_id = nm.city_id and m.logdate=nm.logdate)
WHEN MATCHED AND nm.peaktemp IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE
     SET peaktemp = greatest(m.peaktemp, nm.peaktemp),
        unitsales = m.unitsales + coalesce(nm.unitsales, 0)
WHEN NOT MATCHED THEN INSERT
     (city_id, logdate, peaktemp, unitsales)
   VALUES (city_id, logdate, peaktemp, unitsales)
-- ;
MERGE INTO new_measurement nm
 USING ONLY measurement m ON
      (nm.city_id = m.city_id and nm.logdate=m.logdate)
WHEN MATCHED THEN DELETE
-- ;
SELECT * FROM new_measurement ORDER BY city_id, logdate
-- ;
MERGE INTO new_measurement nm
 USING measurement m ON
      (nm.city_id = m.city_id and nm.logdate=m.logdate)
WHEN MATCHED THEN DELETE
-- ;
EXPLAIN (COSTS OFF)
MERGE INTO measurement m
 USING (VALUES (1, '01-17-2007'::date)) nm(city_id, logdate) ON
      (m.city_id = nm.city_id and m.logdate=nm.logdate)
WHEN NOT MATCHED THEN INSERT
     (city_id, logdate, peaktemp, unitsales)
   VALUES (city_id - 1, logdate, 25, 100)
-- ;
MERGE INTO measurement m
 USING (VALUES (1, '01-17-2007'::date)) nm(city_id, logdate) ON
      (m.city_id = nm.city_id and m.logdate=nm.logdate)
WHEN NOT MATCHED THEN INSERT
     (city_id, logdate, peaktemp, unitsales)
   VALUES (city_id - 1, logdate, 25, 100)
-- ;
SELECT * FROM ONLY measurement ORDER BY city_id, logdate
-- ;
MERGE INTO measurement m
 USING (VALUES (1, '01-17-2007'::date)) nm(city_id, logdate) ON
      (m.city_id = nm.city_id and m.logdate=nm.logdate)
WHEN NOT MATCHED THEN INSERT
     (city_id, logdate, peaktemp, unitsales)
   VALUES (city_id - 1, logdate, NULL, 100)
-- ;
MERGE INTO pg_class c
USING (SELECT 'pg_depend'::regclass AS oid) AS j
ON j.oid = c.oid
WHEN MATCHED THEN
	UPDATE SET reltuples = reltuples + 1
-- ;
MERGE INTO pg_class c
USING pg_namespace n
ON n.oid = c.relnamespace
WHEN MATCHED AND c.oid = 'pg_depend'::regclass THEN
	UPDATE SET reltuples = reltuples - 1
-- ;
CREATE VIEW ro_view2 AS SELECT a, b FROM base_tbl GROUP BY a, b
-- ;
CREATE VIEW ro_view5 AS SELECT a, rank() OVER() FROM base_tbl
-- ;
CREATE VIEW ro_view7 AS WITH t AS (SELECT a, b FROM base_tbl) SELECT * FROM t
-- ;
CREATE VIEW ro_view8 AS SELECT a, b FROM base_tbl ORDER BY a OFFSET 1
-- ;
CREATE VIEW ro_view13 AS SELECT a, b FROM (SELECT * FROM base_tbl) AS t
-- ;
CREATE VIEW rw_view16 AS SELECT a, b, a AS aa FROM base_tbl
-- ;
CREATE VIEW ro_view18 AS SELECT * FROM (VALUES(1)) AS tmp(a)
-- ;
CREATE VIEW ro_view19 AS SELECT * FROM uv_seq
-- ;
SELECT table_name, is_insertable_into
  FROM information_schema.tables
 WHERE table_name LIKE E'r_\\_view%'
 ORDER BY table_name
-- ;
DELETE FROM ro_view5
-- ;
DELETE FROM ro_view6
-- ;
UPDATE ro_view12 SET a=a+1
-- ;
INSERT INTO ro_view13 VALUES (3, 'Row 3')
-- ;
SELECT * FROM base_tbl
-- ;
INSERT INTO rw_view15 (a) VALUES (3) ON CONFLICT DO NOTHING
-- ;
SELECT * FROM rw_view15
-- ;
INSERT INTO rw_view15 (a) VALUES (3) ON CONFLICT (a) DO NOTHING
-- ;
UPDATE rw_view15 SET upper='ROW 3' WHERE a=3
-- ;
UPDATE rw_view15 SET upper=DEFAULT WHERE a=3
-- ;
UPDATE rw_view15 SET a=4 WHERE a=3
-- ;
UPDATE rw_view16 SET aa=-3 WHERE a=3
-- ;
DELETE FROM rw_view16 WHERE a=-3
-- ;
INSERT INTO ro_view17 VALUES (3, 'ROW 3')
-- ;
INSERT INTO rw_view16 (a, b) VALUES (3, 'Row 3')
-- ;
SELECT table_name, is_insertable_into
  FROM information_schema.tables
 WHERE table_name = 'rw_view1'
-- ;
INSERT INTO rw_view1 VALUES (3, 'Row 3')
-- ;
EXPLAIN (costs off) UPDATE rw_view1 SET a=6 WHERE a=5
-- ;
EXPLAIN (costs off) DELETE FROM rw_view1 WHERE a=5
-- ;
CREATE RULE base_tbl_log AS ON INSERT TO rw_view1 DO ALSO
  INSERT INTO base_tbl_hist(a,b) VALUES(new.a, new.b)
-- ;
SELECT a, b FROM base_tbl_hist
-- ;
SELECT table_name, column_name, is_updatable
  FROM information_schema.columns
 WHERE table_name = 'rw_view2'
 ORDER BY ordinal_position
-- ;
DELETE FROM rw_view2 WHERE aaa=2
-- ;
CREATE VIEW rw_view2 AS SELECT * FROM rw_view1 WHERE a<10
-- ;
SELECT table_name, is_insertable_into
  FROM information_schema.tables
 WHERE table_name LIKE 'rw_view%'
 ORDER BY table_name
-- ;
SELECT table_name, is_updatable, is_insertable_into
  FROM information_schema.views
 WHERE table_name LIKE 'rw_view%'
 ORDER BY table_name
-- ;
SELECT table_name, column_name, is_updatable
  FROM information_schema.columns
 WHERE table_name LIKE 'rw_view%'
 ORDER BY table_name, ordinal_position
-- ;
CREATE RULE rw_view1_upd_rule AS ON UPDATE TO rw_view1
  DO INSTEAD UPDATE base_tbl SET b=NEW.b WHERE a=OLD.a RETURNING NEW.*
-- ;
CREATE VIEW rw_view1 AS SELECT b AS bb, c AS cc, a AS aa FROM base_tbl
-- ;
INSERT INTO rw_view1 VALUES ('Row 2', 2.0, 2)
-- ;
INSERT INTO base_tbl VALUES (3, 'Row 3', 3.0)
-- ;
DELETE FROM base_tbl
-- ;
DELETE FROM rw_view2
-- ;
INSERT INTO rw_view2 VALUES ('Row 4', 4.0, 4)
-- ;
DELETE FROM rw_view2 WHERE aa=2
-- ;
CREATE VIEW rw_view1 AS SELECT * FROM base_tbl
-- ;
SELECT * FROM rw_view1
-- ;
SELECT * FROM rw_view1 FOR UPDATE
-- ;
UPDATE rw_view1 SET b = 'foo' WHERE a = 1
-- ;
UPDATE base_tbl SET a=a
-- ;
DELETE FROM base_tbl WHERE a=1
-- ;
DELETE FROM rw_view1 WHERE aa=2
-- ;
INSERT INTO base_tbl VALUES (2, 'Row 2')
-- ;
CREATE VIEW rw_view1 AS SELECT a AS aa, b AS bb FROM base_tbl
-- ;
INSERT INTO rw_view1 (aa) VALUES (5)
-- ;
CREATE VIEW rw_view1 AS SELECT * FROM base_tbl ORDER BY a+b
-- ;
UPDATE rw_view1 SET b = b + 1 RETURNING *
-- ;
INSERT INTO base_tbl SELECT i/10.0 FROM generate_series(1,10) g(i)
-- ;
INSERT INTO rw_view1 VALUES (null, null, 1.1, null)
-- ;
INSERT INTO rw_view1 (a) VALUES (1.1) RETURNING a, s, c
-- ;
DELETE FROM rw_view1 WHERE a = 1.05
-- ;
CREATE VIEW rw_view2 AS
  SELECT s, c, s/c t, a base_a, ctid
  FROM rw_view1
-- ;
UPDATE rw_view2 SET s = s WHERE base_a = 1.1
-- ;
UPDATE rw_view2 SET base_a = 1.05 WHERE base_a = 1.1
-- ;
INSERT INTO rw_view3(s) VALUES (null)
-- ;
SELECT * FROM base_tbl ORDER BY a
-- ;
INSERT INTO base_tbl (id, idplus1) VALUES (5, 6)
-- ;
INSERT INTO rw_view1 (id, idplus1) VALUES (6, 7)
-- ;
UPDATE base_tbl SET id = 2000 WHERE id = 2
-- ;
CREATE VIEW rw_view2 AS SELECT * FROM ONLY base_tbl_parent
-- ;
SELECT * FROM rw_view1 ORDER BY a
-- ;
SELECT * FROM ONLY rw_view1 ORDER BY a
-- ;
INSERT INTO rw_view2 VALUES (-200), (200)
-- ;
UPDATE ONLY rw_view1 SET a = a*10 WHERE a IN (-2, 2)
-- ;
DELETE FROM rw_view1 WHERE a IN (-5, 5)
-- ;
SELECT * FROM ONLY base_tbl_parent ORDER BY a
-- ;
UPDATE rw_view1 SET a = a + 1000 FROM other_tbl_parent WHERE a = id
-- ;
SELECT * FROM information_schema.views WHERE table_name = 'rw_view1'
-- ;
INSERT INTO rw_view1 VALUES(4,3)
-- ;
INSERT INTO rw_view1 VALUES(5,null)
-- ;
UPDATE rw_view1 SET b = 5 WHERE a = 3
-- ;
INSERT INTO rw_view1(a) VALUES (9)
-- ;
SELECT * FROM information_schema.views WHERE table_name = 'rw_view2'
-- ;
UPDATE rw_view2 SET a = a - 10
-- ;
CREATE VIEW rw_view1 AS SELECT * FROM base_tbl WITH CHECK OPTION
-- ;
CREATE VIEW rw_view3 AS SELECT * FROM rw_view2 WITH CHECK OPTION
-- ;
INSERT INTO rw_view1 VALUES (-1)
-- ;
INSERT INTO rw_view1 VALUES (1, ARRAY[1,2,3])
-- ;
EXECUTE ins(2, ARRAY[1,2,3])
-- ;
INSERT INTO ref_tbl SELECT * FROM generate_series(1,10)
-- ;
EXPLAIN (costs off) UPDATE rw_view1 SET a = a + 5
-- ;
CREATE FUNCTION rw_view1_trig_fn()
RETURNS trigger AS
$$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO base_tbl VALUES (NEW.a, 10);
    RETURN NEW;
  ELSIF TG_OP = 'UPDATE' THEN
    UPDATE base_tbl SET a=NEW.a WHERE a=OLD.a;
    RETURN NEW;
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM base_tbl WHERE a=OLD.a;
    RETURN OLD;
  END IF;
END;
$$
LANGUAGE plpgsql
-- ;
UPDATE rw_view2 SET a = 200 WHERE a = 5
-- ;
CREATE RULE rw_view1_ins_rule AS ON INSERT TO rw_view1
  DO INSTEAD INSERT INTO base_tbl VALUES (NEW.a, 10)
-- ;
CREATE VIEW rw_view2 AS
  SELECT * FROM rw_view1 WHERE a > b WITH LOCAL CHECK OPTION
-- ;
INSERT INTO base_tbl VALUES ('Tom', 'public'),
                            ('Dick', 'private'),
                            ('Harry', 'public')
-- ;
CREATE VIEW rw_view1 AS
  SELECT person FROM base_tbl WHERE visibility = 'public'
-- ;
SELECT * FROM rw_view2 WHERE snoop(person)
-- ;
DELETE FROM rw_view2 WHERE NOT snoop(person)
-- ;
EXPLAIN (costs off) SELECT * FROM rw_view2 WHERE snoop(person)
-- ;
EXPLAIN (costs off) UPDATE rw_view2 SET person=person WHERE snoop(person)
-- ;
EXPLAIN (costs off) DELETE FROM rw_view2 WHERE NOT snoop(person)
-- ;
EXPLAIN (costs off) INSERT INTO rw_view1 VALUES (2, 'New row 2')
-- ;
INSERT INTO t1
SELECT i,i,'t1' FROM generate_series(1,10) g(i)
-- ;
INSERT INTO t11
SELECT i,i,'t11','t11d' FROM generate_series(1,10) g(i)
-- ;
CREATE VIEW v1 WITH (security_barrier=true) AS
SELECT *, (SELECT d FROM t11 WHERE t11.a = t1.a LIMIT 1) AS d
FROM t1
WHERE a > 5 AND EXISTS(SELECT 1 FROM t12 WHERE t12.a = t1.a)
-- ;
SELECT * FROM v1 WHERE a=3
-- ;
UPDATE v1 SET a=100 WHERE snoop(a) AND leakproof(a) AND a < 7 AND a != 6
-- ;
UPDATE v1 SET a=a+1 WHERE snoop(a) AND leakproof(a) AND a = 8
-- ;
TABLE t1
-- ;
SELECT * FROM tx1
-- ;
INSERT INTO v2 VALUES (-2, 'minus two', 20)
-- ;
UPDATE v2 SET b = 'ONE' WHERE a = 1
-- ;
UPDATE v2 SET c = 30 WHERE a = 1
-- ;
SELECT * FROM v2
-- ;
CREATE VIEW v2 WITH (security_barrier = true) AS
  SELECT * FROM v1 WHERE EXISTS (SELECT 1)
-- ;
INSERT INTO v1 VALUES (1, 'ok')
-- ;
select events & 4 != 0 AS upd,
       events & 8 != 0 AS ins,
       events & 16 != 0 AS del
  from pg_catalog.pg_relation_is_updatable('uv_pt'::regclass, false) t(events)
-- ;
select pg_catalog.pg_column_is_updatable('uv_pt'::regclass, 1::smallint, false)
-- ;
select pg_catalog.pg_column_is_updatable('uv_pt'::regclass, 2::smallint, false)
-- ;
select table_name, column_name, is_updatable
  from information_schema.columns where table_name = 'uv_ptv' order by column_name
-- ;
insert into wcowrtest_v values (1)
-- ;
create view wcowrtest_v2 as
    select *
      from wcowrtest r
      where r in (select s from sometable s where r.a = s.a)
with check option
-- ;
insert into uv_iocu_view (a, b) values ('xyxyxy', 1)
   on conflict (a) do update set b = uv_iocu_view.b
-- ;
insert into uv_iocu_view (a, b) values ('xyxyxy', 1)
   on conflict (a) do update set b = excluded.b
-- ;
explain (costs off)
insert into uv_iocu_view (a, b) values ('xyxyxy', 3)
   on conflict (a) do update set b = excluded.b where excluded.c > 0
-- ;
create view uv_iocu_view as
    select b as bb, a as aa, uv_iocu_tab::text as cc from uv_iocu_tab
-- ;
insert into uv_iocu_view (aa) values (1)
   on conflict (aa) do update set cc = 'XXX'
-- ;
insert into rw_view1 values ('yyy',2.0,1)
  on conflict (aa) do update set bb = excluded.cc
-- ;
insert into rw_view2 (aa,bb) values (1,'xxx')
  on conflict (aa) do update set bb = excluded.bb
-- ;
insert into rw_view4 (aa,bb) values (1,'yyy')
  on conflict (aa) do update set bb = excluded.bb
-- ;
create view base_tab_def_view as select * from base_tab_def
-- ;
insert into base_tab_def values (2), (3)
-- ;
insert into base_tab_def values (4, default, default, default, default)
-- ;
insert into base_tab_def_view values (12), (13)
-- ;
select * from base_tab_def order by a
-- ;
truncate base_tab_def
-- ;
insert into base_tab_def_view values (1, default, default, default, default)
-- ;
insert into base_tab_def_view values (2, default, default, default, default),
                                     (3, default, default, default, default)
-- ;
select * from base_tab_def order by a, e nulls first
-- ;
insert into base_tab_view (b[1], b[2], c, b[5], b[4], a, b[3])
values (1, 2, default, 5, 4, default, 3), (10, 11, 'C value', 14, 13, 100, 12)
-- ;
select (1.1,2.2)::complex, row((3.3,4.4),(5.5,null))::quad
-- ;
select row('Joe', 'Blow')::fullname, '(Joe,Blow)'::fullname
-- ;
select '(Joe,von Blow)'::fullname, '(Joe,d''Blow)'::fullname
-- ;
select '(Joe,"von""Blow")'::fullname, E'(Joe,d\\\\Blow)'::fullname
-- ;
select '(Joe,"Blow,Jr")'::fullname
-- ;
select '(Joe,)'::fullname
-- ;
select '(Joe)'::fullname
-- ;
select '(Joe,,)'::fullname
-- ;
select '[]'::fullname
-- ;
select ' (Joe,Blow)  '::fullname
-- ;
select '(Joe,Blow) /'::fullname
-- ;
insert into quadtable values (1, ((3.3,4.4),(5.5,6.6)))
-- ;
insert into quadtable values (2, ((null,4.4),(5.5,6.6)))
-- ;
select * from quadtable
-- ;
select f1, q.c1 from quadtable
-- ;
select f1, (q).c1, (qq.q).c1.i from quadtable qq
-- ;
insert into people values ('(Joe,Blow)', '1984-01-10')
-- ;
select * from people
-- ;
update people set fn.suffix = 'Jr'
-- ;
insert into quadtable (f1, q.c1.r, q.c2.i) values(44,55,66)
-- ;
update quadtable set q.c1.r = 12 where f1 = 2
-- ;
update quadtable set q.c1 = 12
-- ;
insert into pp values (repeat('abcdefghijkl', 100000))
-- ;
insert into people select ('Jim', f1, null)::fullname, current_date from pp
-- ;
select (fn).first, substr((fn).last, 1, 20), length((fn).last) from people
-- ;
update people set fn.first = 'Jack'
-- ;
select ROW(1,2) < ROW(1,3) as true
-- ;
select ROW(1,2) < ROW(1,1) as false
-- ;
select ROW(1,2) < ROW(1,NULL) as null
-- ;
select ROW(1,2,3) < ROW(1,3,NULL) as true
-- ;
select ROW(11,'ABC') < ROW(11,'DEF') as true
-- ;
select ROW(11,'ABC') > ROW(11,'DEF') as false
-- ;
select ROW(12,'ABC') > ROW(11,'DEF') as true
-- ;
select ROW(1,2,3) < ROW(1,NULL,4) as null
-- ;
select ROW(1,2,3) = ROW(1,NULL,4) as false
-- ;
select ROW(1,2,3) <> ROW(1,NULL,4) as true
-- ;
select ROW('ABC','DEF') ~<=~ ROW('DEF','ABC') as true
-- ;
select ROW('ABC','DEF') ~>=~ ROW('DEF','ABC') as false
-- ;
select ROW('ABC','DEF') ~~ ROW('DEF','ABC') as fail
-- ;
select ROW(1,2) = ROW(1,2::int8)
-- ;
select ROW(1,2) in (ROW(3,4), ROW(1,2))
-- ;
select ROW(1,2) in (ROW(3,4), ROW(1,2::int8))
-- ;
select unique1, unique2 from tenk1
where (unique1, unique2) < any (select ten, ten from tenk1 where hundred < 3)
      and unique1 <= 20
order by 1
-- ;
explain (costs off)
select thousand, tenthous from tenk1
where (thousand, tenthous) >= (997, 5000)
order by thousand, tenthous
-- ;
select thousand, tenthous from tenk1
where (thousand, tenthous) >= (997, 5000)
order by thousand, tenthous
-- ;
explain (costs off)
select thousand, tenthous, four from tenk1
where (thousand, tenthous, four) > (998, 5000, 3)
order by thousand, tenthous
-- ;
select thousand, tenthous, four from tenk1
where (thousand, tenthous, four) > (998, 5000, 3)
order by thousand, tenthous
-- ;
explain (costs off)
select thousand, tenthous from tenk1
where (998, 5000) < (thousand, tenthous)
order by thousand, tenthous
-- ;
select thousand, tenthous from tenk1
where (998, 5000) < (thousand, tenthous)
order by thousand, tenthous
-- ;
explain (costs off)
select thousand, hundred from tenk1
where (998, 5000) < (thousand, hundred)
order by thousand, hundred
-- ;
select thousand, hundred from tenk1
where (998, 5000) < (thousand, hundred)
order by thousand, hundred
-- ;
insert into test_table values ('a', 'b')
-- ;
insert into test_table select 'a', null from generate_series(1,1000)
-- ;
explain (costs off)
select a,b from test_table where (a,b) > ('a','a') order by a,b
-- ;
select a,b from test_table where (a,b) > ('a','a') order by a,b
-- ;
select * from int8_tbl i8 where i8 in (row(123,456))
-- ;
explain (costs off)
select * from int8_tbl i8
where i8 in (row(123,456)::int8_tbl, '(4567890123456789,123)')
-- ;
select * from int8_tbl i8
where i8 in (row(123,456)::int8_tbl, '(4567890123456789,123)')
-- ;
select (row(1, 2.0)).f1
-- ;
select (row(1, 2.0)).f2
-- ;
select (row(1, 2.0)).nosuch
-- ;
select (row(1, 2.0)).*
-- ;
select (r).f1 from (select row(1, 2.0) as r) ss
-- ;
select (r).f3 from (select row(1, 2.0) as r) ss
-- ;
select (r).* from (select row(1, 2.0) as r) ss
-- ;
select ROW()
-- ;
select ROW() IS NULL
-- ;
select ROW() = ROW()
-- ;
select array[ row(1,2), row(3,4), row(5,6) ]
-- ;
select row(1,1.1) = any (array[ row(7,7.7), row(1,1.1), row(0,0.0) ])
-- ;
select row(1,1.1) = any (array[ row(7,7.7), row(1,1.0), row(0,0.0) ])
-- ;
insert into cc values('("(1,2)",3)')
-- ;
select * from cc order by f1
-- ;
select row(1, 2)::testtype1 < row(1, 3)::testtype1
-- ;
select row(1, 2)::testtype1 <= row(1, 3)::testtype1
-- ;
select row(1, 2)::testtype1 = row(1, 2)::testtype1
-- ;
select row(1, 2)::testtype1 <> row(1, 3)::testtype1
-- ;
select row(1, 3)::testtype1 >= row(1, 2)::testtype1
-- ;
select row(1, 3)::testtype1 > row(1, 2)::testtype1
-- ;
select row(1, -2)::testtype1 < row(1, -3)::testtype1
-- ;
select row(1, -2)::testtype1 <= row(1, -3)::testtype1
-- ;
select row(1, -2)::testtype1 = row(1, -3)::testtype1
-- ;
select row(1, -2)::testtype1 <> row(1, -2)::testtype1
-- ;
select row(1, -3)::testtype1 >= row(1, -2)::testtype1
-- ;
select row(1, -3)::testtype1 > row(1, -2)::testtype1
-- ;
select row(1, -2)::testtype1 < row(1, 3)::testtype1
-- ;
select row(1, 2)::testtype1 < row(1, 'abc')::testtype3
-- ;
select row(1, 2)::testtype1 <> row(1, 'abc')::testtype3
-- ;
select row(1, 2)::testtype1 < row(1)::testtype5
-- ;
select row(1, 2)::testtype1 <> row(1)::testtype5
-- ;
select row(1, '(1,2)')::testtype6 < row(1, '(1,3)')::testtype6
-- ;
select row(1, '(1,2)')::testtype6 <> row(1, '(1,3)')::testtype6
-- ;
select row(1, 2)::testtype1 *< row(1, 3)::testtype1
-- ;
select row(1, 2)::testtype1 *<= row(1, 3)::testtype1
-- ;
select row(1, 2)::testtype1 *= row(1, 2)::testtype1
-- ;
select row(1, 2)::testtype1 *<> row(1, 3)::testtype1
-- ;
select row(1, 3)::testtype1 *>= row(1, 2)::testtype1
-- ;
select row(1, 3)::testtype1 *> row(1, 2)::testtype1
-- ;
select row(1, -2)::testtype1 *< row(1, -3)::testtype1
-- ;
select row(1, -2)::testtype1 *<= row(1, -3)::testtype1
-- ;
select row(1, -2)::testtype1 *= row(1, -3)::testtype1
-- ;
select row(1, -2)::testtype1 *<> row(1, -2)::testtype1
-- ;
select row(1, -3)::testtype1 *>= row(1, -2)::testtype1
-- ;
select row(1, -3)::testtype1 *> row(1, -2)::testtype1
-- ;
select row(1, -2)::testtype1 *< row(1, 3)::testtype1
-- ;
select row(1, true)::testtype2 *< row(2, true)::testtype2
-- ;
select row(-2, true)::testtype2 *< row(-1, true)::testtype2
-- ;
select row(0, false)::testtype2 *< row(0, true)::testtype2
-- ;
select row(0, false)::testtype2 *<> row(0, true)::testtype2
-- ;
select row(1, 'abc')::testtype3 *< row(1, 'abd')::testtype3
-- ;
select row(1, 'abc')::testtype3 *< row(1, 'abcd')::testtype3
-- ;
select row(1, 'abc')::testtype3 *> row(1, 'abd')::testtype3
-- ;
select row(1, 'abc')::testtype3 *<> row(1, 'abd')::testtype3
-- ;
select row(1, '(1,2)')::testtype4 *< row(1, '(1,3)')::testtype4
-- ;
select row(1, '(1,2)')::testtype4 *<> row(1, '(1,3)')::testtype4
-- ;
select row(1, 2)::testtype1 *< row(1, 'abc')::testtype3
-- ;
select row(1, 2)::testtype1 *<> row(1, 'abc')::testtype3
-- ;
select row(1, 2)::testtype1 *< row(1)::testtype5
-- ;
select row(1, 2)::testtype1 *<> row(1)::testtype5
-- ;
select row(1, '(1,2)')::testtype6 *< row(1, '(1,3)')::testtype6
-- ;
select row(1, '(1,2)')::testtype6 *>= row(1, '(1,3)')::testtype6
-- ;
select row(1, '(1,2)')::testtype6 *<> row(1, '(1,3)')::testtype6
-- ;
select q.a, q.b = row(2), q.c = array[row(3)], q.d = row(row(4)) from
    unnest(array[row(1, row(2), array[row(3)], row(row(4))),
                 row(2, row(3), array[row(4)], row(row(5)))])
      as q(a int, b record, c record[], d record)
-- ;
insert into price values (1,false,42), (10,false,100), (11,true,17.99)
-- ;
UPDATE price
    SET active = true, price = input_prices.price
    FROM unnest(ARRAY[(10, 123.00), (11, 99.99)]::price_input[]) input_prices
    WHERE price_key_from_table(price.*) = price_key_from_input(input_prices.*)
-- ;
select * from price
-- ;
create function fcompos2(v compos) returns void as $$
select fcompos1(v);
$$ language sql
-- ;
select fcompos1(row(1,'one'))
-- ;
select fcompos2(row(2,'two'))
-- ;
select fcompos3(row(3,'three'))
-- ;
select * from compos
-- ;
select cast (fullname as text) from fullname
-- ;
select text(fullname) from fullname
-- ;
select fullname.text from fullname
-- ;
select cast (row('Jim', 'Beam') as text)
-- ;
select text(row('Jim', 'Beam'))
-- ;
select (row('Jim', 'Beam')).text
-- ;
insert into fullname values ('Joe', 'Blow')
-- ;
select f.last from fullname f
-- ;
select last(f) from fullname f
-- ;
select f.longname from fullname f
-- ;
select longname(f) from fullname f
-- ;
select row_to_json(i) from int8_tbl i
-- ;
select row_to_json(i) from int8_tbl i(x,y)
-- ;
select row_to_json(ss) from
  (select q1, q2 from int8_tbl) as ss
-- ;
select row_to_json(ss) from
  (select q1, q2 from int8_tbl offset 0) as ss
-- ;
select row_to_json(ss) from
  (select q1 as a, q2 as b from int8_tbl) as ss
-- ;
select row_to_json(ss) from
  (select q1 as a, q2 as b from int8_tbl offset 0) as ss
-- ;
select row_to_json(ss) from
  (select q1 as a, q2 as b from int8_tbl) as ss(x,y)
-- ;
select row_to_json(ss) from
  (select q1 as a, q2 as b from int8_tbl offset 0) as ss(x,y)
-- ;
explain (costs off)
select row_to_json(q) from
  (select thousand, tenthous from tenk1
   where thousand = 42 and tenthous < 2000 offset 0) q
-- ;
select row_to_json(q) from
  (select thousand, tenthous from tenk1
   where thousand = 42 and tenthous < 2000 offset 0) q
-- ;
select row_to_json(q) from
  (select thousand as x, tenthous as y from tenk1
   where thousand = 42 and tenthous < 2000 offset 0) q
-- ;
select row_to_json(q) from
  (select thousand as x, tenthous as y from tenk1
   where thousand = 42 and tenthous < 2000 offset 0) q(a,b)
-- ;
create temp table tt1 as select * from int8_tbl limit 2
-- ;
select row_to_json(r) from (select q2,q1 from tt1 offset 0) r
-- ;
insert into tt3 values(33,44)
-- ;
select row_to_json(tt3::tt2::tt1) from tt3
-- ;
explain (verbose, costs off)
select r, r is null as isnull, r is not null as isnotnull
from (values (1,row(1,2)), (1,row(null,null)), (1,null),
             (null,row(1,2)), (null,row(null,null)), (null,null) ) r(a,b)
-- ;
select r, r is null as isnull, r is not null as isnotnull
from (values (1,row(1,2)), (1,row(null,null)), (1,null),
             (null,row(1,2)), (null,row(null,null)), (null,null) ) r(a,b)
-- ;
explain (verbose, costs off)
with r(a,b) as materialized
  (values (1,row(1,2)), (1,row(null,null)), (1,null),
          (null,row(1,2)), (null,row(null,null)), (null,null) )
select r, r is null as isnull, r is not null as isnotnull from r
-- ;
with r(a,b) as materialized
  (values (1,row(1,2)), (1,row(null,null)), (1,null),
          (null,row(1,2)), (null,row(null,null)), (null,null) )
select r, r is null as isnull, r is not null as isnotnull from r
-- ;
explain (verbose, costs off)
with cte(c) as materialized (select row(1, 2)),
     cte2(c) as (select * from cte)
select * from cte2 as t
where (select * from (select c as c1) s
       where (select (c1).f1 > 0)) is not null
-- ;
with cte(c) as materialized (select row(1, 2)),
     cte2(c) as (select * from cte)
select * from cte2 as t
where (select * from (select c as c1) s
       where (select (c1).f1 > 0)) is not null
-- ;
create view composite_v as
with cte(c) as materialized (select row(1, 2)),
     cte2(c) as (select * from cte)
select 1 as one from cte2 as t
where (select * from (select c as c1) s
       where (select (c1).f1 > 0)) is not null
-- ;
select pg_get_viewdef('composite_v', true)
-- ;
explain (verbose, costs off)
select (ss.a).x, (ss.a).n from
  (select information_schema._pg_expandarray(array[1,2]) AS a) ss
-- ;
explain (verbose, costs off)
select (ss.a).x, (ss.a).n from
  (select information_schema._pg_expandarray(array[1,2]) AS a) ss
where false
-- ;
explain (verbose, costs off)
with cte(c) as materialized (select row(1, 2)),
     cte2(c) as (select * from cte)
select (c).f1 from cte2 as t
-- ;
explain (verbose, costs off)
with cte(c) as materialized (select row(1, 2)),
     cte2(c) as (select * from cte)
select (c).f1 from cte2 as t
where false
-- ;
INSERT INTO compositetable(a, b) VALUES('fa', 'fb')
-- ;
SELECT d.a FROM (SELECT compositetable AS d FROM compositetable) s
-- ;
SELECT (d).a, (d).b FROM (SELECT compositetable AS d FROM compositetable) s
-- ;
SELECT (d).ctid FROM (SELECT compositetable AS d FROM compositetable) s
-- ;
SELECT (NULL::compositetable).nonexistent
-- ;
SELECT (NULL::compositetable).a
-- ;
SELECT (NULL::compositetable).oid
-- ;
UPDATE arrtest SET e[0] = '1.1'
-- ;
INSERT INTO arrtest (a, b[1:2], c, d[1:2])
   VALUES ('{}', '{3,4}', '{foo,bar}', '{bar,foo}')
-- ;
INSERT INTO arrtest (b[1:2]) VALUES(now())
-- ;
SELECT * FROM arrtest
-- ;
SELECT arrtest.a[1],
          arrtest.b[1][1][1],
          arrtest.c[1],
          arrtest.d[1][1],
          arrtest.e[0]
   FROM arrtest
-- ;
SELECT array_dims(a) AS a,array_dims(b) AS b,array_dims(c) AS c
   FROM arrtest
-- ;
SELECT *
   FROM arrtest
   WHERE a[1] < 5 and
         c = '{"foobar"}'::_name
-- ;
DELETE FROM arrtest WHERE a[2] IS NULL AND b IS NULL
-- ;
SELECT a,b,c FROM arrtest
-- ;
select '{{1,2,3},{4,5,6},{7,8,9}}'::int[]
-- ;
select ('{{1,2,3},{4,5,6},{7,8,9}}'::int[])[1:2][2]
-- ;
SELECT ('{}'::int[])[1][2][3][4][5][6][7]
-- ;
SELECT (now())[1]
-- ;
SELECT f1[0:1] FROM POINT_TBL
-- ;
SELECT f1[0:] FROM POINT_TBL
-- ;
UPDATE point_tbl SET f1[0] = 10 WHERE f1 IS NULL RETURNING *
-- ;
UPDATE point_tbl SET f1[0] = NULL WHERE f1::text = '(10,10)'::point::text RETURNING *
-- ;
UPDATE point_tbl SET f1[3] = 10 WHERE f1::text = '(-10,-10)'::point::text RETURNING *
-- ;
update arrtest1 set i[2] = 22, t[2] = 'twenty-two'
-- ;
update arrtest1 set i[-3] = -3, t[-3] = 'minus-three'
-- ;
update arrtest1 set i[8:10] = array[18,null,20], t[8:10] = array['p18',null,'p20']
-- ;
update arrtest1 set i[-7:-6] = array[-17,null], t[-7:-6] = array['m17',null]
-- ;
delete from arrtest1
-- ;
INSERT INTO arrtest2 VALUES(
  ARRAY[[[113,142],[1,147]]],
  ARRAY[1.1,1.2,1.3]::float8[],
  ARRAY[1.1,1.2,1.3],
  ARRAY[[['aaa','aab'],['aba','abb'],['aca','acb']],[['baa','bab'],['bba','bbb'],['bca','bcb']]],
  ARRAY['19620326','19931223','19970117']::timestamp[]
)
-- ;
insert into arrtest_f values(2,'cat1',1.24)
-- ;
insert into arrtest_i values(2,'cat1',24)
-- ;
SELECT ARRAY[[[[[['hello'],['world']]]]]]
-- ;
SELECT ARRAY[ARRAY['hello'],ARRAY['world']]
-- ;
SELECT ARRAY(select f2 from arrtest_f order by f2) AS "ARRAY"
-- ;
SELECT ARRAY[1,NULL,3]
-- ;
SELECT array_append(array[42], 6) AS "{42,6}"
-- ;
SELECT array_prepend(6, array[42]) AS "{6,42}"
-- ;
SELECT array_cat(ARRAY[1,2], ARRAY[3,4]) AS "{1,2,3,4}"
-- ;
SELECT array_cat(ARRAY[1,2], ARRAY[[3,4],[5,6]]) AS "{{1,2},{3,4},{5,6}}"
-- ;
SELECT array_cat(ARRAY[[3,4],[5,6]], ARRAY[1,2]) AS "{{3,4},{5,6},{1,2}}"
-- ;
SELECT array_position(ARRAY[5,3,4,2,1], 4)
-- ;
SELECT array_position(ARRAY['sun','mon','tue','wed','thu','fri','sat'], 'mon')
-- ;
SELECT array_position(ARRAY['sun','mon','tue','wed','thu','fri','sat'], NULL)
-- ;
SELECT array_positions(ARRAY[1,2,3,4,5,6,1,2,3,4,5,6], 4)
-- ;
SELECT array_length(array_positions(ARRAY(SELECT 'AAAAAAAAAAAAAAAAAAAAAAAAA'::text || i % 10
                                          FROM generate_series(1,100) g(i)),
                                  'AAAAAAAAAAAAAAAAAAAAAAAAA5'), 1)
-- ;
SELECT a FROM arrtest WHERE b = ARRAY[[[113,142],[1,147]]]
-- ;
SELECT NOT ARRAY[1.1,1.2,1.3] = ARRAY[1.1,1.2,1.3] AS "FALSE"
-- ;
SELECT ARRAY[1,2] || ARRAY[3,4] AS "{1,2,3,4}"
-- ;
SELECT ARRAY[[['hello','world']]] || ARRAY[[['happy','birthday']]] AS "ARRAY"
-- ;
SELECT ARRAY[1.1] || ARRAY[2,3,4]
-- ;
SELECT * FROM array_op_test WHERE i @> '{32}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE i && '{32}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE i = '{}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE i @> '{NULL}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE t @> '{AAAAAAAA72908}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE t @> '{AAAAAAAAAA646}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE t && '{AAAAAAAA72908,AAAAAAAAAA646}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE t <@ '{AAAAAAAA72908,AAAAAAAAAAAAAAAAAAA17075,AA88409,AAAAAAAAAAAAAAAAAA36842,AAAAAAA48038,AAAAAAAAAAAAAA10611}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE t @> '{}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE t && '{}' ORDER BY seqno
-- ;
SELECT * FROM array_op_test WHERE t <@ '{}' ORDER BY seqno
-- ;
SELECT pg_typeof(ARRAY[1,2,3]::text[]::int[]::float8[]) AS "double precision[]"
-- ;
select 33 >= all ('{1,2,33}')
-- ;
select 33.4 = any (array[1,2,3])
-- ;
select 33 * any ('{1,2,3}')
-- ;
select 33 * any (44)
-- ;
select 33 = any (null::int[])
-- ;
select null::int = any ('{1,2,3}')
-- ;
select 33 = any ('{1,null,33}')
-- ;
select null::int = all ('{1,2,3}')
-- ;
select 33 = all ('{1,null,3}')
-- ;
SELECT -1 != ALL(ARRAY(SELECT NULLIF(g.i, 900) FROM generate_series(1,1000) g(i)))
-- ;
insert into arr_tbl values ('{1,2}')
-- ;
select * from arr_tbl where f1 > '{1,2,3}' and f1 <= '{1,5,3}'
-- ;
insert into arr_pk_tbl values (1, '{1,2,3}')
-- ;
insert into arr_pk_tbl values (1, '{3,4,5}') on conflict (pk)
  do update set f1[1] = excluded.f1[1], f1[3] = excluded.f1[3]
  returning pk, f1
-- ;
insert into arr_pk_tbl(pk, f1[0:2147483647]) values (2, '{}')
-- ;
select 'foo' like all (array['f%', '%b'])
-- ;
select 'foo' not like all (array['%a', '%o'])
-- ;
select '{{},{}}'::text[]
-- ;
select '{{"1 2" x},{3}}'::text[]
-- ;
select '{}}'::text[]
-- ;
select array[]
-- ;
select '{}'::text[]
-- ;
select '{0 second  ,0 second}'::interval[]
-- ;
select '{ { "," } , { 3 } }'::text[]
-- ;
INSERT INTO arraggtest (f1, f2, f3) VALUES
('{1,2,3,4}','{{grey,red},{blue,blue}}','{1.6, 0.0}')
-- ;
SELECT max(f1), min(f1), max(f2), min(f2), max(f3), min(f3) FROM arraggtest
-- ;
select * from comptable
-- ;
select c2[2].f2 from comptable
-- ;
create or replace function unnest2(anyarray)
returns setof anyelement as $$
select $1[s1][s2] from generate_subscripts($1,1) g1(s1),
                   generate_subscripts($1,2) g2(s2);
$$ language sql immutable
-- ;
select a, a = '{}' as is_eq, array_dims(a)
  from (select array_fill(42, '{}', '{}') as a) ss
-- ;
select array_fill(1, array[2,2], null)
-- ;
select array_fill(1, array[[1,2],[3,4]])
-- ;
select string_to_array('1|2|3|', '|')
-- ;
select string_to_array('', '|')
-- ;
select string_to_array(NULL, '|') IS NULL
-- ;
select string_to_array('abc', '')
-- ;
select string_to_array('abc', ',')
-- ;
select string_to_array('abc', ',', 'abc')
-- ;
select string_to_array('1,2,3,4,,6', ',')
-- ;
select string_to_array('1,2,3,4,*,6', ',', '*')
-- ;
select v, v is null as "is null" from string_to_table('1|2|3', '|') g(v)
-- ;
select v, v is null as "is null" from string_to_table('1|2|3', '') g(v)
-- ;
select v, v is null as "is null" from string_to_table('abc', '') g(v)
-- ;
select v, v is null as "is null" from string_to_table('abc', '', 'abc') g(v)
-- ;
select v, v is null as "is null" from string_to_table('1,2,3,4,,6', ',', '') g(v)
-- ;
select v, v is null as "is null" from string_to_table('1,2,3,4,*,6', ',', '*') g(v)
-- ;
select array_to_string('{}'::int4[], ',')
-- ;
select array_to_string(string_to_array('1|2|3', '|'), '|')
-- ;
select array_length(array[1,2,3], 1)
-- ;
select array_length(array[[1,2,3], [4,5,6]], 1)
-- ;
select array_length(array[[1,2,3], [4,5,6]], 2)
-- ;
select cardinality('{}'::int[])
-- ;
select cardinality('{{{1,9},{5,6}},{{2,3},{3,4}}}'::int[])
-- ;
select array_agg(distinct ar order by ar desc)
  from (select array[i / 2] from generate_series(1,10) a(i)) b(ar)
-- ;
select array_agg(array[i+1.2, i+1.3, i+1.4]) from generate_series(1,3) g(i)
-- ;
select array_agg(array['Hello', i::text]) from generate_series(9,11) g(i)
-- ;
select array_agg(null::int[]) from generate_series(1,2)
-- ;
select unnest(array[1,2,3,4.5]::numeric[])
-- ;
select array_remove(array[1,2,2,3], 2)
-- ;
select array_remove('{{1,2,2},{1,4,3}}', 2)
-- ;
select array_replace(array['AB',NULL,'CDE'],NULL,'12')
-- ;
select array(select array['Hello', i::text] from generate_series(9,11) i)
-- ;
select array(select '11 22 33'::int2vector from generate_series(1,5))
-- ;
select unnest(array(select '11 22 33'::int2vector from generate_series(1,5)))
-- ;
select pg_typeof(array(select '11 22 33'::oidvector from generate_series(1,5)))
-- ;
select array(select '11 22 33'::oidvector from generate_series(1,5))
-- ;
select array['11 22 33'::int2vector]
-- ;
select unnest(array['11 22 33'::int2vector])
-- ;
select pg_typeof(unnest(array['11 22 33'::oidvector]))
-- ;
insert into t1 (f1[5].q1) values(42)
-- ;
select length(md5((f1[1]).c2)) from dest
-- ;
delete from src
-- ;
SELECT
    op,
    width_bucket(op, ARRAY[1, 3, 9, 'NaN', 'NaN']::float8[]) AS wb
FROM (VALUES
  (-5.2::float8),
  (4::float8),
  (77::float8),
  ('NaN'::float8)
) v(op)
-- ;
SELECT
    op,
    width_bucket(op, ARRAY[1, 3, 5, 10]) AS wb_1
FROM generate_series(0,11) as op
-- ;
SELECT width_bucket(now(),
                    array['yesterday', 'today', 'tomorrow']::timestamptz[])
-- ;
SELECT width_bucket(5, '{}')
-- ;
SELECT width_bucket(5, ARRAY[3, 4, NULL])
-- ;
SELECT trim_array(ARRAY[1, 2, 3], -1)
-- ;
INSERT INTO test_tablesample
  SELECT i, repeat(i::text, 200) FROM generate_series(0, 9) s(i)
-- ;
SELECT t.id FROM test_tablesample AS t TABLESAMPLE SYSTEM (50) REPEATABLE (0)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (100.0/11) REPEATABLE (0)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (50) REPEATABLE (0)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE BERNOULLI (50) REPEATABLE (0)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE BERNOULLI (5.5) REPEATABLE (0)
-- ;
SELECT count(*) FROM test_tablesample TABLESAMPLE SYSTEM (100)
-- ;
SELECT count(*) FROM test_tablesample TABLESAMPLE SYSTEM (100) REPEATABLE (1+2)
-- ;
SELECT count(*) FROM test_tablesample TABLESAMPLE SYSTEM (100) REPEATABLE (0.4)
-- ;
CREATE VIEW test_tablesample_v1 AS
  SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (10*2) REPEATABLE (2)
-- ;
CREATE VIEW test_tablesample_v2 AS
  SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (99)
-- ;
DECLARE tablesample_cur SCROLL CURSOR FOR
  SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (50) REPEATABLE (0)
-- ;
EXPLAIN (COSTS OFF)
  SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (50) REPEATABLE (2)
-- ;
EXPLAIN (COSTS OFF)
  SELECT * FROM test_tablesample_v1
-- ;
explain (costs off)
  select count(*) from person tablesample bernoulli (100)
-- ;
select count(*) from person tablesample bernoulli (100)
-- ;
select count(*) from person
-- ;
SELECT count(*) FROM test_tablesample TABLESAMPLE bernoulli (('1'::text < '0'::text)::int)
-- ;
select * from
  (values (0),(100)) v(pct),
  lateral (select count(*) from tenk1 tablesample bernoulli (pct)) ss
-- ;
select * from
  (values (0),(100)) v(pct),
  lateral (select count(*) from tenk1 tablesample system (pct)) ss
-- ;
explain (costs off)
select pct, count(unique1) from
  (values (0),(100)) v(pct),
  lateral (select * from tenk1 tablesample bernoulli (pct)) ss
  group by pct
-- ;
select pct, count(unique1) from
  (values (0),(100)) v(pct),
  lateral (select * from tenk1 tablesample bernoulli (pct)) ss
  group by pct
-- ;
select pct, count(unique1) from
  (values (0),(100)) v(pct),
  lateral (select * from tenk1 tablesample system (pct)) ss
  group by pct
-- ;
SELECT id FROM test_tablesample TABLESAMPLE FOOBAR (1)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (NULL)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (50) REPEATABLE (NULL)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE BERNOULLI (-1)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE BERNOULLI (200)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (-1)
-- ;
SELECT id FROM test_tablesample TABLESAMPLE SYSTEM (200)
-- ;
SELECT id FROM test_tablesample_v1 TABLESAMPLE BERNOULLI (1)
-- ;
INSERT INTO test_tablesample_v1 VALUES(1)
-- ;
WITH query_select AS (SELECT * FROM test_tablesample)
SELECT * FROM query_select TABLESAMPLE BERNOULLI (5.5) REPEATABLE (1)
-- ;
explain (costs off)
  select * from parted_sample tablesample bernoulli (100)
-- ;
INSERT INTO rngfunc2 VALUES(2, 22)
-- ;
select * from rngfunct(1) with ordinality as z(a,b,ord)
-- ;
select a,ord from unnest(array['a','b']) with ordinality as z(a,ord)
-- ;
select * from unnest(array[1.0::float8]) with ordinality as z(a,ord)
-- ;
select definition from pg_views where viewname='vw_ord'
-- ;
create temporary view vw_ord as select * from (values (1)) v(n) join rows from(rngfunct(1),rngfunct(2)) with ordinality as z(a,b,c,d,ord) on (n=ord)
-- ;
select * from rows from(unnest(array[10,20],array['foo','bar'],array[1.0])) with ordinality as z(a,b,c,ord)
-- ;
create temporary view vw_ord as select * from rows from(unnest(array[10,20],array['foo','bar'],array[1.0])) as z(a,b,c)
-- ;
create temporary view vw_ord as select * from rows from(unnest(array[10,20],array['foo','bar']), generate_series(1,2)) as z(a,b,c)
-- ;
select * from rngfunc2, rngfunct(rngfunc2.rngfuncid) with ordinality as z(rngfuncid,f2,ord) where rngfunc2.f2 = z.f2
-- ;
INSERT INTO rngfunc VALUES(1,1,'Joe')
-- ;
SELECT * FROM getrngfunc1(1) AS t1
-- ;
SELECT * FROM vw_getrngfunc
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc1(1) WITH ORDINALITY as t1(v,o)
-- ;
SELECT * FROM getrngfunc2(1) AS t1
-- ;
SELECT * FROM getrngfunc3(1) AS t1
-- ;
SELECT * FROM getrngfunc3(1) WITH ORDINALITY AS t1(v,o)
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc3(1)
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc3(1) WITH ORDINALITY AS t1(v,o)
-- ;
SELECT * FROM getrngfunc4(1) AS t1
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc4(1)
-- ;
SELECT * FROM getrngfunc5(1) AS t1
-- ;
SELECT * FROM getrngfunc5(1) WITH ORDINALITY AS t1(a,b,c,o)
-- ;
SELECT * FROM getrngfunc6(1) AS t1(rngfuncid int, rngfuncsubid int, rngfuncname text)
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc6(1) AS
(rngfuncid int, rngfuncsubid int, rngfuncname text)
-- ;
CREATE VIEW vw_getrngfunc AS
  SELECT * FROM ROWS FROM( getrngfunc6(1) AS (rngfuncid int, rngfuncsubid int, rngfuncname text) )
                WITH ORDINALITY
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc7(1) AS
(rngfuncid int, rngfuncsubid int, rngfuncname text)
-- ;
CREATE VIEW vw_getrngfunc AS
  SELECT * FROM ROWS FROM( getrngfunc7(1) AS (rngfuncid int, rngfuncsubid int, rngfuncname text) )
                WITH ORDINALITY
-- ;
SELECT * FROM getrngfunc8(1) AS t1
-- ;
SELECT * FROM getrngfunc8(1) WITH ORDINALITY AS t1(v,o)
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc8(1)
-- ;
SELECT * FROM getrngfunc9(1) AS t1
-- ;
SELECT * FROM getrngfunc9(1) WITH ORDINALITY AS t1(a,b,c,o)
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc9(1)
-- ;
CREATE VIEW vw_getrngfunc AS SELECT * FROM getrngfunc9(1) WITH ORDINALITY AS t1(a,b,c,o)
-- ;
select * from rows from(getrngfunc9(1),getrngfunc8(1),
                    getrngfunc7(1) AS (rngfuncid int, rngfuncsubid int, rngfuncname text),
                    getrngfunc6(1) AS (rngfuncid int, rngfuncsubid int, rngfuncname text),
                    getrngfunc5(1),getrngfunc4(1),getrngfunc3(1),getrngfunc2(1),getrngfunc1(1))
              with ordinality as t1(a,b,c,d,e,f,g,h,i,j,k,l,m,o,p,q,r,s,t,u)
-- ;
create temporary view vw_rngfunc as
  select * from rows from(getrngfunc9(1),
                      getrngfunc7(1) AS (rngfuncid int, rngfuncsubid int, rngfuncname text),
                      getrngfunc1(1))
                with ordinality as t1(a,b,c,d,e,f,g,n)
-- ;
select pg_get_viewdef('vw_rngfunc')
-- ;
SELECT setval('rngfunc_rescan_seq1',1,false),setval('rngfunc_rescan_seq2',1,false)
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r) LEFT JOIN rngfunc_sql(11,13) ON (r+i)<100
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r) LEFT JOIN rngfunc_sql(11,13) WITH ORDINALITY AS f(i,s,o) ON (r+i)<100
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r) LEFT JOIN rngfunc_mat(11,13) ON (r+i)<100
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r) LEFT JOIN generate_series(11,13) WITH ORDINALITY AS f(i,o) ON (r+i)<100
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r) LEFT JOIN unnest(array[10,20,30]) f(i) ON (r+i)<100
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r) LEFT JOIN unnest(array[10,20,30]) WITH ORDINALITY AS f(i,o) ON (r+i)<100
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r), rngfunc_sql(10+r,13)
-- ;
SELECT * FROM (VALUES (11,12),(13,15),(16,20)) v(r1,r2), rngfunc_sql(r1,r2) WITH ORDINALITY AS f(i,s,o)
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r), rngfunc_mat(10+r,13) WITH ORDINALITY AS f(i,s,o)
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r), rngfunc_mat(11,10+r) WITH ORDINALITY AS f(i,s,o)
-- ;
SELECT * FROM (VALUES (11,12),(13,15),(16,20)) v(r1,r2), rngfunc_mat(r1,r2) WITH ORDINALITY AS f(i,s,o)
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r), ROWS FROM( rngfunc_sql(10+r,13), rngfunc_mat(11,11) )
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r), ROWS FROM( rngfunc_sql(10+r,13), rngfunc_mat(10+r,13) )
-- ;
SELECT * FROM generate_series(1,2) r1, generate_series(r1,3) r2, ROWS FROM( rngfunc_sql(10+r1,13), rngfunc_mat(10+r2,13) )
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r), generate_series(10+r,20-r) f(i)
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v(r), unnest(array[r*10,r*20,r*30]) WITH ORDINALITY AS f(i,o)
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v1(r1),
              LATERAL (SELECT r1, * FROM (VALUES (10),(20),(30)) v2(r2)
                                         LEFT JOIN generate_series(20+r1,23) f(i) ON ((r2+i)<100) OFFSET 0) s1
-- ;
SELECT * FROM (VALUES (1),(2),(3)) v1(r1),
              LATERAL (SELECT r1, * FROM (VALUES (10),(20),(30)) v2(r2)
                                         LEFT JOIN generate_series(r1,2+r2/5) f(i) ON ((r2+i)<100) OFFSET 0) s1
-- ;
SELECT *
FROM (VALUES (1),(2)) v1(r1)
    LEFT JOIN LATERAL (
        SELECT *
        FROM generate_series(1, v1.r1) AS gs1
        LEFT JOIN LATERAL (
            SELECT *
            FROM generate_series(1, gs1) AS gs2
            LEFT JOIN generate_series(1, gs2) AS gs3 ON TRUE
        ) AS ss1 ON TRUE
        FULL JOIN generate_series(1, v1.r1) AS gs4 ON FALSE
    ) AS ss0 ON TRUE
-- ;
SELECT * FROM rngfunc(42) AS p(x)
-- ;
SELECT * FROM rngfuncr(42) AS p(a,b)
-- ;
SELECT f1, rngfuncb(f1, f1/2) FROM int4_tbl
-- ;
SELECT * FROM rngfuncb(42, 99)
-- ;
SELECT * FROM rngfuncb(42, 99) AS p(a,b)
-- ;
SELECT dup(22)
-- ;
SELECT dup('xyz'::text)
-- ;
SELECT dup(22, array[44::bigint])
-- ;
SELECT *, pg_typeof(f3), pg_typeof(f4) FROM dup(22, array[44::bigint])
-- ;
SELECT dup(numrange(4,7))
-- ;
SELECT * FROM rngfunc(3)
-- ;
select insert_tt('foo')
-- ;
select insert_tt('bar')
-- ;
select insert_tt2('foollog','barlog') limit 1
-- ;
select array_to_set(array['one', 'two'])
-- ;
select * from array_to_set(array['one', 'two']) as t(f1 point,f2 text)
-- ;
explain (verbose, costs off)
  select * from array_to_set(array['one', 'two']) as t(f1 numeric(4,2),f2 text)
-- ;
select * from testrngfunc() as t(f1 int8,f2 int8)
-- ;
explain (verbose, costs off)
select testrngfunc()
-- ;
explain (verbose, costs off)
select * from testrngfunc()
-- ;
select * from pg_get_keywords() as t(f1 int8,f2 int8)
-- ;
SELECT * FROM get_users()
-- ;
SELECT * FROM ROWS FROM(generate_series(10,11), get_users()) WITH ORDINALITY
-- ;
SELECT * FROM ROWS FROM(get_users(), generate_series(10,11)) WITH ORDINALITY
-- ;
select *, row_to_json(u) from unnest(array[(1,'foo')::rngfunc2, null::rngfunc2]) u
-- ;
select * from
  (select jsonb_path_query_array(module->'lectures', '$[*]') as lecture
   from unnest(array['{"lectures": [{"id": "1"}]}'::jsonb])
        as unnested_modules(module)) as ss,
  jsonb_to_recordset(ss.lecture) as j (id text)
-- ;
with a(b) as (values (row(1,2,3)))
select * from a, coalesce(b) as c(d int, e int)
-- ;
with a(b) as (values (row(1,2,3)))
select * from a, coalesce(b) as c(d int, e int, f float)
-- ;
SELECT generate_series(1, 3)
-- ;
SELECT generate_series(1, 3), generate_series(3,5)
-- ;
SELECT generate_series(1, 2), generate_series(1,4)
-- ;
SELECT generate_series(1, generate_series(1, 3))
-- ;
SELECT * FROM generate_series(1, generate_series(1, 3))
-- ;
SELECT generate_series(generate_series(1,3), generate_series(2, 4))
-- ;
explain (verbose, costs off)
SELECT generate_series(1, generate_series(1, 3)), generate_series(2, 4)
-- ;
SELECT generate_series(1, generate_series(1, 3)), generate_series(2, 4)
-- ;
INSERT INTO few VALUES(1, 'a', 'foo'),(2, 'a', 'bar'),(3, 'b', 'bar')
-- ;
explain (verbose, costs off)
SELECT unnest(ARRAY[1, 2]) FROM few WHERE false
-- ;
SELECT unnest(ARRAY[1, 2]) FROM few WHERE false
-- ;
explain (verbose, costs off)
SELECT * FROM few f1,
  (SELECT unnest(ARRAY[1,2]) FROM few f2 WHERE false OFFSET 0) ss
-- ;
SELECT * FROM few f1,
  (SELECT unnest(ARRAY[1,2]) FROM few f2 WHERE false OFFSET 0) ss
-- ;
SELECT few.id, generate_series(1,3) g FROM few ORDER BY id DESC
-- ;
SELECT few.id, generate_series(1,3) g FROM few ORDER BY id, g DESC
-- ;
SELECT few.id, generate_series(1,3) g FROM few ORDER BY id, generate_series(1,3) DESC
-- ;
SELECT few.id FROM few ORDER BY id, generate_series(1,3) DESC
-- ;
SELECT few.dataa, count(*), min(id), max(id), unnest('{1,1,3}'::int[]) FROM few WHERE few.id = 1 GROUP BY few.dataa
-- ;
SELECT few.dataa, count(*), min(id), max(id), unnest('{1,1,3}'::int[]) FROM few WHERE few.id = 1 GROUP BY few.dataa, unnest('{1,1,3}'::int[])
-- ;
SELECT few.dataa, count(*), min(id), max(id), unnest('{1,1,3}'::int[]) FROM few WHERE few.id = 1 GROUP BY few.dataa, 5
-- ;
SELECT dataa, generate_series(1,1), count(*) FROM few GROUP BY 1 HAVING count(*) > 1
-- ;
SELECT dataa, generate_series(1,1), count(*) FROM few GROUP BY 1, 2 HAVING count(*) > 1
-- ;
SELECT few.dataa, count(*) FROM few WHERE dataa = 'a' GROUP BY few.dataa ORDER BY 2
-- ;
SELECT few.dataa, count(*) FROM few WHERE dataa = 'a' GROUP BY few.dataa, unnest('{1,1,3}'::int[]) ORDER BY 2
-- ;
SELECT q1, case when q1 > 0 then generate_series(1,3) else 0 end FROM int8_tbl
-- ;
SELECT q1, coalesce(generate_series(1,3), 0) FROM int8_tbl
-- ;
SELECT min(generate_series(1, 3)) FROM few
-- ;
SELECT sum((3 = ANY(SELECT generate_series(1,4)))::int)
-- ;
SELECT sum((3 = ANY(SELECT lag(x) over(order by x)
                    FROM generate_series(1,4) x))::int)
-- ;
SELECT min(generate_series(1, 3)) OVER() FROM few
-- ;
SELECT id,lag(id) OVER(), count(*) OVER(), generate_series(1,3) FROM few
-- ;
SELECT SUM(count(*)) OVER(PARTITION BY generate_series(1,3) ORDER BY generate_series(1,3)), generate_series(1,3) g FROM few GROUP BY g
-- ;
SELECT few.dataa, count(*), min(id), max(id), generate_series(1,3) FROM few GROUP BY few.dataa ORDER BY 5, 1
-- ;
SELECT dataa, datab b, generate_series(1,2) g, count(*) FROM few GROUP BY CUBE(dataa, datab)
-- ;
SELECT dataa, datab b, generate_series(1,2) g, count(*) FROM few GROUP BY CUBE(dataa, datab) ORDER BY dataa
-- ;
SELECT dataa, datab b, generate_series(1,2) g, count(*) FROM few GROUP BY CUBE(dataa, datab) ORDER BY g
-- ;
SELECT dataa, datab b, generate_series(1,2) g, count(*) FROM few GROUP BY CUBE(dataa, datab, g)
-- ;
SELECT dataa, datab b, generate_series(1,2) g, count(*) FROM few GROUP BY CUBE(dataa, datab, g) ORDER BY dataa
-- ;
SELECT dataa, datab b, generate_series(1,2) g, count(*) FROM few GROUP BY CUBE(dataa, datab, g) ORDER BY g
-- ;
explain (verbose, costs off)
select 'foo' as f, generate_series(1,2) as g from few order by 1
-- ;
select 'foo' as f, generate_series(1,2) as g from few order by 1
-- ;
CREATE TABLE fewmore AS SELECT generate_series(1,3) AS data
-- ;
INSERT INTO fewmore VALUES(generate_series(4,5))
-- ;
SELECT * FROM fewmore
-- ;
UPDATE fewmore SET data = generate_series(4,9)
-- ;
INSERT INTO fewmore VALUES(1) RETURNING generate_series(1,3)
-- ;
VALUES(1, generate_series(1,2))
-- ;
SELECT int4mul(generate_series(1,2), 10)
-- ;
SELECT generate_series(1,3) IS DISTINCT FROM 2
-- ;
SELECT * FROM int4mul(generate_series(1,2), 10)
-- ;
SELECT DISTINCT ON (a) a, b, generate_series(1,3) g
FROM (VALUES (3, 2), (3,1), (1,1), (1,4), (5,3), (5,1)) AS t(a, b)
-- ;
SELECT DISTINCT ON (a) a, b, generate_series(1,3) g
FROM (VALUES (3, 2), (3,1), (1,1), (1,4), (5,3), (5,1)) AS t(a, b)
ORDER BY a, b DESC
-- ;
SELECT DISTINCT ON (a) a, b, generate_series(1,3) g
FROM (VALUES (3, 2), (3,1), (1,1), (1,4), (5,3), (5,1)) AS t(a, b)
ORDER BY a, b DESC, g DESC
-- ;
SELECT DISTINCT ON (a, b, g) a, b, generate_series(1,3) g
FROM (VALUES (3, 2), (3,1), (1,1), (1,4), (5,3), (5,1)) AS t(a, b)
ORDER BY a, b DESC, g DESC
-- ;
SELECT DISTINCT ON (g) a, b, generate_series(1,3) g
FROM (VALUES (3, 2), (3,1), (1,1), (1,4), (5,3), (5,1)) AS t(a, b)
-- ;
SELECT a, generate_series(1,2) FROM (VALUES(1),(2),(3)) r(a) LIMIT 2 OFFSET 2
-- ;
SELECT 1 LIMIT generate_series(1,3)
-- ;
SELECT (SELECT generate_series(1,3) LIMIT 1 OFFSET few.id) FROM few
-- ;
SELECT (SELECT generate_series(1,3) LIMIT 1 OFFSET g.i) FROM generate_series(0,3) g(i)
-- ;
SELECT |@|ARRAY[1,2,3]
-- ;
explain (verbose, costs off)
select generate_series(1,3) as x, generate_series(1,3) + 1 as xp1
-- ;
select generate_series(1,3) as x, generate_series(1,3) + 1 as xp1
-- ;
explain (verbose, costs off)
select generate_series(1,3)+1 order by generate_series(1,3)
-- ;
select generate_series(1,3)+1 order by generate_series(1,3)
-- ;
explain (verbose, costs off)
select generate_series(1,3) as x, generate_series(3,6) + 1 as y
-- ;
select generate_series(1,3) as x, generate_series(3,6) + 1 as y
-- ;
DECLARE foo1 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo2 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo3 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo4 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo5 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo6 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo7 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo8 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo9 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo10 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo11 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo12 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo13 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo14 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo15 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo16 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo17 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo18 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo19 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo20 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo21 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo22 SCROLL CURSOR FOR SELECT * FROM tenk2
-- ;
DECLARE foo23 SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
SELECT name, statement, is_holdable, is_binary, is_scrollable FROM pg_cursors ORDER BY 1
-- ;
SELECT name, statement, is_holdable, is_binary, is_scrollable FROM pg_cursors
-- ;
DECLARE foo24 NO SCROLL CURSOR FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
DECLARE foo25 SCROLL CURSOR WITH HOLD FOR SELECT * FROM tenk2
-- ;
DECLARE foo25ns NO SCROLL CURSOR WITH HOLD FOR SELECT * FROM tenk2
-- ;
DECLARE foo26 CURSOR WITH HOLD FOR SELECT * FROM tenk1 ORDER BY unique2
-- ;
CREATE FUNCTION declares_cursor(text)
   RETURNS void
   AS 'DECLARE c CURSOR FOR SELECT stringu1 FROM tenk1 WHERE stringu1 LIKE $1;'
   LANGUAGE SQL
-- ;
SELECT declares_cursor('AB%')
-- ;
create function count_tt1_v() returns int8 as
'select count(*) from tt1' language sql volatile
-- ;
insert into tt1 values(1)
-- ;
declare c1 cursor for select count_tt1_v(), count_tt1_s()
-- ;
declare c2 cursor with hold for select count_tt1_v(), count_tt1_s()
-- ;
delete from tt1
-- ;
DECLARE bc BINARY CURSOR FOR SELECT * FROM tenk1
-- ;
PREPARE cprep AS
  SELECT name, statement, is_holdable, is_binary, is_scrollable FROM pg_cursors
-- ;
EXECUTE cprep
-- ;
SELECT name FROM pg_cursors ORDER BY 1
-- ;
DECLARE foo1 CURSOR WITH HOLD FOR SELECT 1
-- ;
DECLARE foo2 CURSOR WITHOUT HOLD FOR SELECT 1
-- ;
INSERT INTO uctest VALUES (1, 'one'), (2, 'two'), (3, 'three')
-- ;
SELECT * FROM uctest
-- ;
DECLARE c1 CURSOR FOR SELECT * FROM uctest
-- ;
DELETE FROM uctest WHERE CURRENT OF c1
-- ;
DECLARE c1 CURSOR FOR SELECT * FROM uctest FOR UPDATE
-- ;
UPDATE uctest SET f1 = 8 WHERE CURRENT OF c1
-- ;
UPDATE uctest SET f1 = f1 + 10 WHERE CURRENT OF c1
-- ;
DECLARE c1 INSENSITIVE CURSOR FOR SELECT * FROM uctest
-- ;
DELETE FROM uctest WHERE f1 = 10
-- ;
INSERT INTO ucchild values(100, 'hundred')
-- ;
DECLARE c1 CURSOR FOR SELECT * FROM uctest a, uctest b WHERE a.f1 = b.f1 + 5
-- ;
DECLARE c1 CURSOR FOR SELECT * FROM uctest a, uctest b WHERE a.f1 = b.f1 + 5 FOR UPDATE
-- ;
DECLARE c1 CURSOR FOR SELECT * FROM uctest a, uctest b WHERE a.f1 = b.f1 + 5 FOR SHARE OF a
-- ;
DECLARE cx CURSOR WITH HOLD FOR SELECT * FROM uctest
-- ;
DELETE FROM uctest WHERE CURRENT OF cx
-- ;
DECLARE c CURSOR FOR SELECT * FROM tenk2
-- ;
DELETE FROM uctest WHERE CURRENT OF c
-- ;
DECLARE c CURSOR FOR SELECT * FROM tenk2 FOR SHARE
-- ;
DECLARE c CURSOR FOR SELECT * FROM tenk1 JOIN tenk2 USING (unique1)
-- ;
DELETE FROM tenk1 WHERE CURRENT OF c
-- ;
DECLARE c CURSOR FOR SELECT f1,count(*) FROM uctest GROUP BY f1
-- ;
DECLARE c1 CURSOR FOR SELECT MIN(f1) FROM uctest FOR UPDATE
-- ;
CREATE TEMP VIEW ucview AS SELECT * FROM uctest
-- ;
DECLARE c1 CURSOR FOR SELECT * FROM ucview
-- ;
DELETE FROM ucview WHERE CURRENT OF c1
-- ;
EXPLAIN (costs off)
DECLARE c1 CURSOR FOR SELECT stringu1 FROM onek WHERE stringu1 = 'DZAAAA'
-- ;
DECLARE c1 CURSOR FOR SELECT stringu1 FROM onek WHERE stringu1 = 'DZAAAA'
-- ;
DELETE FROM onek WHERE CURRENT OF c1
-- ;
SELECT stringu1 FROM onek WHERE stringu1 = 'DZAAAA'
-- ;
INSERT INTO current_check_1 SELECT i, 'p' || i FROM generate_series(1,9) i
-- ;
INSERT INTO current_check_2 SELECT i, 'P' || i FROM generate_series(10,19) i
-- ;
DECLARE c1 SCROLL CURSOR FOR SELECT * FROM current_check
-- ;
DELETE FROM current_check WHERE CURRENT OF c1 RETURNING *
-- ;
SELECT * FROM current_check
-- ;
INSERT INTO cursor VALUES (1)
-- ;
DECLARE c1 NO SCROLL CURSOR FOR SELECT * FROM cursor FOR UPDATE
-- ;
UPDATE cursor SET a = 2
-- ;
declare c cursor for select * from int8_tbl limit nochange(3)
-- ;
explain (costs off) declare c1 cursor for select (select 42) as x
-- ;
explain (costs off) declare c1 scroll cursor for select (select 42) as x
-- ;
declare c1 scroll cursor for select (select 42) as x
-- ;
explain (costs off) declare c2 cursor for select generate_series(1,3) as g
-- ;
explain (costs off) declare c2 scroll cursor for select generate_series(1,3) as g
-- ;
declare c2 scroll cursor for select generate_series(1,3) as g
-- ;
insert into toasted_data
  select array_agg(i) from generate_series(12345678, 12345678 + 1000) i
-- ;
declare local_portal cursor for select * from toasted_data
-- ;
declare held_portal cursor with hold for select * from toasted_data
-- ;
DECLARE foo13 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 50
-- ;
DECLARE foo14 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 51
-- ;
DECLARE foo15 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 52
-- ;
DECLARE foo16 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 53
-- ;
DECLARE foo17 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 54
-- ;
DECLARE foo18 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 55
-- ;
DECLARE foo19 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 56
-- ;
DECLARE foo20 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 57
-- ;
DECLARE foo21 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 58
-- ;
DECLARE foo22 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 59
-- ;
DECLARE foo23 CURSOR FOR
   SELECT * FROM onek WHERE unique1 = 60
-- ;
DECLARE foo24 CURSOR FOR
   SELECT * FROM onek2 WHERE unique1 = 50
-- ;
DECLARE foo25 CURSOR FOR
   SELECT * FROM onek2 WHERE unique1 = 60
-- ;
SELECT name, statement, parameter_types FROM pg_prepared_statements
-- ;
PREPARE q1 AS SELECT 1 AS a
-- ;
EXECUTE q1
-- ;
PREPARE q1 AS SELECT 2
-- ;
PREPARE q2 AS SELECT 2 AS b
-- ;
PREPARE q2(text) AS
	SELECT datname, datistemplate, datallowconn
	FROM pg_database WHERE datname = $1
-- ;
EXECUTE q2('postgres')
-- ;
PREPARE q3(text, int, float, boolean, smallint) AS
	SELECT * FROM tenk1 WHERE string4 = $1 AND (four = $2 OR
	ten = $3::bigint OR true = $4 OR odd = $5::int)
	ORDER BY unique1
-- ;
EXECUTE q3('AAAAxx', 5::smallint, 10.5::float, false, 4::bigint)
-- ;
EXECUTE q3('bool')
-- ;
EXECUTE q3('bytea', 5::smallint, 10.5::float, false, 4::bigint, true)
-- ;
EXECUTE q3(5::smallint, 10.5::float, false, 4::bigint, 'bytea')
-- ;
PREPARE q4(nonexistenttype) AS SELECT $1
-- ;
PREPARE q5(int, text) AS
	SELECT * FROM tenk1 WHERE unique1 = $1 OR stringu1 = $2
	ORDER BY unique1
-- ;
CREATE TEMPORARY TABLE q5_prep_results AS EXECUTE q5(200, 'DTAAAA')
-- ;
SELECT * FROM q5_prep_results
-- ;
CREATE TEMPORARY TABLE q5_prep_nodata AS EXECUTE q5(200, 'DTAAAA')
    WITH NO DATA
-- ;
SELECT * FROM q5_prep_nodata
-- ;
PREPARE q6 AS
    SELECT * FROM tenk1 WHERE unique1 = $1 AND stringu1 = $2
-- ;
PREPARE q7(unknown) AS
    SELECT * FROM road WHERE thepath = $1
-- ;
SELECT name, statement, parameter_types FROM pg_prepared_statements
    ORDER BY name
-- ;
INSERT INTO truncate_a VALUES (1)
-- ;
SELECT * FROM truncate_a
-- ;
TRUNCATE truncate_a
-- ;
TRUNCATE TABLE truncate_a,trunc_b
-- ;
TRUNCATE TABLE truncate_a,trunc_b,trunc_e
-- ;
TRUNCATE TABLE truncate_a,trunc_e
-- ;
TRUNCATE TABLE trunc_c
-- ;
TRUNCATE TABLE trunc_c,trunc_d
-- ;
TRUNCATE TABLE trunc_c,trunc_d,trunc_e
-- ;
TRUNCATE TABLE trunc_c,trunc_d,trunc_e,truncate_a
-- ;
TRUNCATE TABLE trunc_c,trunc_d,trunc_e,truncate_a,trunc_b
-- ;
TRUNCATE TABLE truncate_a CASCADE
-- ;
INSERT INTO trunc_c VALUES (1)
-- ;
INSERT INTO trunc_b VALUES (1)
-- ;
INSERT INTO trunc_d VALUES (1)
-- ;
INSERT INTO trunc_e VALUES (1,1)
-- ;
TRUNCATE TABLE trunc_c,truncate_a
-- ;
TRUNCATE TABLE trunc_c,truncate_a,trunc_d
-- ;
TRUNCATE TABLE trunc_c,truncate_a,trunc_d,trunc_e
-- ;
TRUNCATE TABLE trunc_c,truncate_a,trunc_d,trunc_e,trunc_b
-- ;
SELECT * FROM truncate_a
   UNION ALL
 SELECT * FROM trunc_c
   UNION ALL
 SELECT * FROM trunc_b
   UNION ALL
 SELECT * FROM trunc_d
-- ;
SELECT * FROM trunc_e
-- ;
TRUNCATE TABLE trunc_c CASCADE
-- ;
INSERT INTO trunc_f VALUES (1)
-- ;
INSERT INTO trunc_fa VALUES (3, 'three')
-- ;
INSERT INTO trunc_fb VALUES (4, 444)
-- ;
INSERT INTO trunc_faa VALUES (5, 'five', 'FIVE')
-- ;
SELECT * FROM trunc_f
-- ;
TRUNCATE trunc_f
-- ;
TRUNCATE ONLY trunc_f
-- ;
SELECT * FROM trunc_fa
-- ;
SELECT * FROM trunc_faa
-- ;
TRUNCATE ONLY trunc_fb, ONLY trunc_fa
-- ;
TRUNCATE ONLY trunc_fb, trunc_fa
-- ;
INSERT INTO trunc_trigger_test VALUES(1, 'foo', 'bar'), (2, 'baz', 'quux')
-- ;
SELECT count(*) as "Row count in test table" FROM trunc_trigger_test
-- ;
SELECT * FROM trunc_trigger_log
-- ;
TRUNCATE trunc_trigger_test
-- ;
truncate trunc_trigger_log
-- ;
INSERT INTO truncate_a DEFAULT VALUES
-- ;
TRUNCATE truncate_a RESTART IDENTITY
-- ;
INSERT INTO truncate_b DEFAULT VALUES
-- ;
SELECT * FROM truncate_b
-- ;
TRUNCATE truncate_b
-- ;
TRUNCATE truncate_b RESTART IDENTITY
-- ;
SELECT nextval('truncate_a_id1')
-- ;
TRUNCATE ONLY truncparted
-- ;
INSERT INTO truncparted VALUES (1, 'a')
-- ;
TRUNCATE truncparted
-- ;
CREATE FUNCTION tp_ins_data() RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
	INSERT INTO truncprim VALUES (1), (100), (150);
	INSERT INTO truncpart VALUES (1), (100), (150);
  END
$$
-- ;
TRUNCATE TABLE truncprim
-- ;
select tp_ins_data()
-- ;
TRUNCATE TABLE truncprim, truncpart
-- ;
select * from tp_chk_data()
-- ;
TRUNCATE TABLE truncprim CASCADE
-- ;
TRUNCATE TABLE truncpart
-- ;
INSERT INTO trunc_a VALUES (0), (5), (10), (15), (20), (25)
-- ;
INSERT INTO ref_b VALUES (10, 0), (50, 5), (100, 10), (150, 15)
-- ;
TRUNCATE TABLE trunc_a1 CASCADE
-- ;
SELECT a FROM ref_b
-- ;
INSERT INTO ref_c VALUES (100, 10), (150, 15), (200, 20), (250, 25)
-- ;
TRUNCATE TABLE trunc_a21 CASCADE
-- ;
SELECT a as "from table ref_c" FROM ref_c
-- ;
SELECT a as "from table trunc_a" FROM trunc_a ORDER BY a
-- ;
insert into test1 (t) values ('a')
-- ;
insert into test2 (t) values ('A')
-- ;
create view v_test1
as select 'v_'||t from test1
-- ;
copy test1 to stdout
-- ;
copy v_test1 to stdout
-- ;
copy (select t from test1 where id=1) to stdout
-- ;
copy (select t from test1 where id=3 for update) to stdout
-- ;
copy (select t into temp test3 from test1 where id=3) to stdout
-- ;
select * from test3
-- ;
insert into copydml_test (t) values ('a')
-- ;
copy (insert into copydml_test (t) values ('f') returning id) to stdout
-- ;
copy (update copydml_test set t = 'g' where t = 'f' returning id) to stdout
-- ;
copy (delete from copydml_test where t = 'g' returning id) to stdout
-- ;
copy (insert into copydml_test default values) to stdout
-- ;
copy (update copydml_test set t = 'g') to stdout
-- ;
copy (delete from copydml_test) to stdout
-- ;
create rule qqq as on insert to copydml_test do instead (delete from copydml_test; delete from copydml_test)
-- ;
copy (update copydml_test set t = 'f') to stdout
-- ;
create rule qqq as on update to copydml_test do instead (delete from copydml_test; delete from copydml_test)
-- ;
create rule qqq as on delete to copydml_test do also insert into copydml_test default values
-- ;
create rule qqq as on delete to copydml_test do instead (insert into copydml_test default values; insert into copydml_test default values)
-- ;
create rule qqq as on insert to copydml_test do instead notify copydml_test
-- ;
CREATE FUNCTION fn_x_before () RETURNS TRIGGER AS '
  BEGIN
		NEW.e := ''before trigger fired''::text;
		return NEW;
	END;
' LANGUAGE plpgsql
-- ;
COPY x (a, b, c, d, e) from stdin
-- ;
COPY x (b, d) from stdin
-- ;
COPY x (xyz) from stdin
-- ;
COPY x from stdin
-- ;
COPY x (b, c, d, e) from stdin delimiter ',' null 'x'
-- ;
COPY x from stdin WITH DELIMITER AS ';' NULL AS ''
-- ;
COPY x from stdin WITH DELIMITER AS ':' NULL AS E'\\X' ENCODING 'sql_ascii'
-- ;
COPY x from stdin WHERE a = 50004
-- ;
COPY x from stdin WHERE a > 60003
-- ;
COPY x from stdin WHERE f > 60003
-- ;
COPY testeoc FROM stdin CSV
-- ;
COPY testeoc TO stdout CSV
-- ;
INSERT INTO testnull VALUES (1, E'\\0'), (NULL, NULL)
-- ;
COPY testnull TO stdout WITH NULL AS E'\\0'
-- ;
COPY testnull FROM stdin WITH NULL AS E'\\0'
-- ;
SELECT * FROM testnull
-- ;
COPY vistest FROM stdin CSV
-- ;
SELECT * FROM vistest
-- ;
TRUNCATE vistest
-- ;
COPY vistest FROM stdin CSV FREEZE
-- ;
INSERT INTO vistest VALUES ('z')
-- ;
CREATE FUNCTION truncate_in_subxact() RETURNS VOID AS
$$
BEGIN
	TRUNCATE vistest;
EXCEPTION
  WHEN OTHERS THEN
	INSERT INTO vistest VALUES ('subxact failure');
END;
$$ language plpgsql
-- ;
SELECT truncate_in_subxact()
-- ;
COPY forcetest (a, b, c) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL(b), FORCE_NULL(c))
-- ;
SELECT b, c FROM forcetest WHERE a = 1
-- ;
COPY forcetest (a, b, c, d) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL(c,d), FORCE_NULL(c,d))
-- ;
SELECT c, d FROM forcetest WHERE a = 2
-- ;
COPY forcetest (a, b, c) FROM STDIN WITH (FORMAT csv, FORCE_NULL(b), FORCE_NOT_NULL(c))
-- ;
COPY forcetest (d, e) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL(b))
-- ;
copy check_con_tbl from stdin
-- ;
select * from check_con_tbl
-- ;
COPY rls_t1 (a, b, c) from stdin
-- ;
COPY rls_t1 TO stdout
-- ;
COPY rls_t1 (a, b, c) TO stdout
-- ;
COPY rls_t1 (a) TO stdout
-- ;
COPY rls_t1 (a, b) TO stdout
-- ;
COPY rls_t1 (b, a) TO stdout
-- ;
COPY rls_t1 (c) TO stdout
-- ;
CREATE VIEW instead_of_insert_tbl_view AS SELECT ''::text AS str
-- ;
COPY instead_of_insert_tbl_view FROM stdin
-- ;
SELECT * FROM instead_of_insert_tbl
-- ;
CREATE VIEW instead_of_insert_tbl_view_2 as select ''::text as str
-- ;
COPY instead_of_insert_tbl_view_2 FROM stdin
-- ;
SELECT pg_catalog.set_config('search_path', ' ', false)
-- ;
SELECT COUNT(*) FROM pg_class WHERE relnamespace =
    (SELECT oid FROM pg_namespace WHERE nspname = 'test_ns_schema_1')
-- ;
INSERT INTO test_ns_schema_1.abc DEFAULT VALUES
-- ;
SELECT * FROM test_ns_schema_1.abc
-- ;
SELECT * FROM test_ns_schema_1.abc_view
-- ;
SELECT COUNT(*) FROM pg_class WHERE relnamespace =
    (SELECT oid FROM pg_namespace WHERE nspname = 'test_ns_schema_renamed')
-- ;
SELECT date(now())::text = current_date::text
-- ;
SELECT now()::timetz::text = current_time::text
-- ;
SELECT now()::timetz(4)::text = current_time(4)::text
-- ;
SELECT now()::time::text = localtime::text
-- ;
SELECT now()::time(3)::text = localtime(3)::text
-- ;
SELECT current_timestamp = NOW()
-- ;
SELECT length(current_timestamp::text) >= length(current_timestamp(0)::text)
-- ;
SELECT now()::timestamp::text = localtimestamp::text
-- ;
SELECT current_catalog = current_database()
-- ;
SELECT current_schema
-- ;
create view numeric_view as
  select
    f1, f1::numeric(16,4) as f1164, f1::numeric as f1n,
    f2, f2::numeric(16,4) as f2164, f2::numeric as f2n
  from numeric_tbl
-- ;
explain (verbose, costs off) select * from numeric_view
-- ;
create view bpchar_view as
  select
    f1, f1::character(14) as f114, f1::bpchar as f1n,
    f2, f2::character(14) as f214, f2::bpchar as f2n
  from bpchar_tbl
-- ;
explain (verbose, costs off) select * from bpchar_view
  where f1::bpchar = 'foo'
-- ;
explain (verbose, costs off)
select random() IN (1, 4, 8.0)
-- ;
explain (verbose, costs off)
select random()::int IN (1, 4, 8.0)
-- ;
select '(0,0)'::point in ('(0,0,0,0)'::box, point(0,0))
-- ;
select return_int_input(1) in (10, 9, 2, 8, 3, 7, 4, 6, 5, 1)
-- ;
select return_int_input(1) in (10, 9, 2, 8, 3, 7, 4, 6, 5, null)
-- ;
select return_int_input(1) in (null, null, null, null, null, null, null, null, null, null, null)
-- ;
select return_int_input(1) in (10, 9, 2, 8, 3, 7, 4, 6, 5, 1, null)
-- ;
select return_int_input(null::int) in (10, 9, 2, 8, 3, 7, 4, 6, 5, 1)
-- ;
select return_int_input(null::int) in (10, 9, 2, 8, 3, 7, 4, 6, 5, null)
-- ;
select return_text_input('a') in ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j')
-- ;
select return_int_input(1) not in (10, 9, 2, 8, 3, 7, 4, 6, 5, 1)
-- ;
select return_int_input(1) not in (10, 9, 2, 8, 3, 7, 4, 6, 5, 0)
-- ;
select return_int_input(1) not in (10, 9, 2, 8, 3, 7, 4, 6, 5, 2, null)
-- ;
select return_int_input(1) not in (10, 9, 2, 8, 3, 7, 4, 6, 5, 1, null)
-- ;
select return_int_input(1) not in (null, null, null, null, null, null, null, null, null, null, null)
-- ;
select return_int_input(null::int) not in (10, 9, 2, 8, 3, 7, 4, 6, 5, 1)
-- ;
select return_int_input(null::int) not in (10, 9, 2, 8, 3, 7, 4, 6, 5, null)
-- ;
select return_text_input('a') not in ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j')
-- ;
insert into inttest values (null), (0::myint), (1::myint)
-- ;
select
  a,
  a in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as not_hashed,
  a in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint,9::myint) as hashed
from inttest
-- ;
select
  a,
  a in (null::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint) as not_hashed,
  a in (null::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as hashed
 from inttest
-- ;
select
  a,
  a not in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as not_hashed,
  a not in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint,9::myint) as hashed
from inttest
-- ;
select
  a,
  a not in (null::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint) as not_hashed,
  a not in (null::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as hashed
from inttest
-- ;
create or replace function myinteq(myint, myint) returns bool as $$
begin
  if $1 is null and $2 is null then
    return false;
  else
    return $1::int = $2::int;
  end if;
end;
$$ language plpgsql immutable
-- ;
select
  a,
  a in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as not_hashed,
  a in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint,9::myint) as hashed,
  a in (0::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint) as not_hashed_zero,
  a in (0::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as hashed_zero
from inttest
-- ;
select
  a,
  a not in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as not_hashed,
  a not in (1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint,9::myint) as hashed,
  a not in (0::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint) as not_hashed_zero,
  a not in (0::myint,1::myint,2::myint,3::myint,4::myint,5::myint,6::myint,7::myint,8::myint) as hashed_zero
from inttest
-- ;
SELECT attrelid, attname, attgenerated FROM pg_attribute WHERE attgenerated NOT IN ('', 's')
-- ;
SELECT table_name, column_name, column_default, is_nullable, is_generated, generation_expression FROM information_schema.columns WHERE table_name LIKE 'gtest_' ORDER BY 1, 2
-- ;
SELECT table_name, column_name, dependent_column FROM information_schema.column_column_usage ORDER BY 1, 2, 3
-- ;
INSERT INTO gtest1 VALUES (1)
-- ;
INSERT INTO gtest1 VALUES (2, DEFAULT)
-- ;
INSERT INTO gtest1 VALUES (3, 33)
-- ;
INSERT INTO gtest1 VALUES (3, DEFAULT), (4, 44)
-- ;
INSERT INTO gtest1 VALUES (3, 33), (4, DEFAULT)
-- ;
INSERT INTO gtest1 VALUES (3, DEFAULT), (4, DEFAULT)
-- ;
SELECT * FROM gtest1 ORDER BY a
-- ;
DELETE FROM gtest1 WHERE a >= 3
-- ;
UPDATE gtest1 SET b = DEFAULT WHERE a = 1
-- ;
UPDATE gtest1 SET b = 11 WHERE a = 1
-- ;
SELECT a, b, b * 2 AS b2 FROM gtest1 ORDER BY a
-- ;
SELECT a, b FROM gtest1 WHERE b = 4 ORDER BY a
-- ;
SELECT * FROM gtest1
-- ;
DELETE FROM gtest1 WHERE a = 2000000000
-- ;
INSERT INTO gtestx VALUES (11, 1), (22, 2), (33, 3)
-- ;
SELECT * FROM gtestx, gtest1 WHERE gtestx.y = gtest1.a
-- ;
UPDATE gtest1 SET a = 3 WHERE b = 4
-- ;
DELETE FROM gtest1 WHERE b = 2
-- ;
INSERT INTO gtestm VALUES (1, 5, 100)
-- ;
MERGE INTO gtestm t USING (VALUES (1, 10), (2, 20)) v(id, f1) ON t.id = v.id
  WHEN MATCHED THEN UPDATE SET f1 = v.f1
  WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.f1, 200)
-- ;
SELECT * FROM gtestm ORDER BY id
-- ;
CREATE VIEW gtest1v AS SELECT * FROM gtest1
-- ;
SELECT * FROM gtest1v
-- ;
INSERT INTO gtest1v VALUES (4, 8)
-- ;
INSERT INTO gtest1v VALUES (5, DEFAULT)
-- ;
INSERT INTO gtest1v VALUES (6, DEFAULT), (7, 77)
-- ;
INSERT INTO gtest1v VALUES (6, 66), (7, DEFAULT)
-- ;
INSERT INTO gtest1v VALUES (6, DEFAULT), (7, DEFAULT)
-- ;
DELETE FROM gtest1v WHERE a >= 5
-- ;
WITH foo AS (SELECT * FROM gtest1) SELECT * FROM foo
-- ;
SELECT * FROM gtest1_1
-- ;
INSERT INTO gtest1_1 VALUES (4)
-- ;
INSERT INTO gtest_normal (a) VALUES (1)
-- ;
INSERT INTO gtest_normal_child (a) VALUES (2)
-- ;
SELECT * FROM gtest_normal
-- ;
INSERT INTO gtest_normal_child2 (a) VALUES (3)
-- ;
INSERT INTO gtestc values(42)
-- ;
TABLE gtestc
-- ;
UPDATE gtestp SET f1 = f1 * 10
-- ;
INSERT INTO gtest3 (a) VALUES (1), (2), (3), (NULL)
-- ;
SELECT * FROM gtest3 ORDER BY a
-- ;
UPDATE gtest3 SET a = 22 WHERE a = 2
-- ;
INSERT INTO gtest3a (a) VALUES ('a'), ('b'), ('c'), (NULL)
-- ;
SELECT * FROM gtest3a ORDER BY a
-- ;
UPDATE gtest3a SET a = 'bb' WHERE a = 'b'
-- ;
TRUNCATE gtest1
-- ;
INSERT INTO gtest1 (a) VALUES (1), (2)
-- ;
COPY gtest1 TO stdout
-- ;
COPY gtest1 (a, b) TO stdout
-- ;
COPY gtest1 FROM stdin
-- ;
COPY gtest1 (a, b) FROM stdin
-- ;
COPY gtest3 (a, b) FROM stdin
-- ;
INSERT INTO gtest2 VALUES (1)
-- ;
SELECT * FROM gtest2
-- ;
INSERT INTO gtest_varlena (a) VALUES('01234567890123456789')
-- ;
INSERT INTO gtest_varlena (a) VALUES(NULL)
-- ;
SELECT * FROM gtest_varlena ORDER BY a
-- ;
INSERT INTO gtest4 VALUES (1), (6)
-- ;
SELECT * FROM gtest4
-- ;
INSERT INTO gtest_tableoid VALUES (1), (2)
-- ;
SELECT * FROM gtest_tableoid
-- ;
INSERT INTO gtest10a (a) VALUES (1)
-- ;
INSERT INTO gtest11s VALUES (1, 10), (2, 20)
-- ;
INSERT INTO gtest12s VALUES (1, 10), (2, 20)
-- ;
SELECT a, b FROM gtest11s
-- ;
SELECT a, c FROM gtest11s
-- ;
SELECT gf1(10)
-- ;
SELECT a, c FROM gtest12s
-- ;
INSERT INTO gtest20 (a) VALUES (10)
-- ;
INSERT INTO gtest20a (a) VALUES (10)
-- ;
INSERT INTO gtest20b (a) VALUES (10)
-- ;
INSERT INTO gtest21a (a) VALUES (1)
-- ;
INSERT INTO gtest21b (a) VALUES (1)
-- ;
INSERT INTO gtest22a VALUES (2)
-- ;
INSERT INTO gtest22b VALUES (2)
-- ;
INSERT INTO gtest22c VALUES (1), (2), (3)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM gtest22c WHERE b = 4
-- ;
SELECT * FROM gtest22c WHERE b = 4
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM gtest22c WHERE b * 3 = 6
-- ;
SELECT * FROM gtest22c WHERE b * 3 = 6
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM gtest22c WHERE a = 1 AND b > 0
-- ;
SELECT * FROM gtest22c WHERE a = 1 AND b > 0
-- ;
INSERT INTO gtest23a VALUES (1, 11), (2, 22), (3, 33)
-- ;
INSERT INTO gtest23b VALUES (1)
-- ;
INSERT INTO gtest23p VALUES (1), (2), (3)
-- ;
INSERT INTO gtest23q VALUES (1, 2)
-- ;
INSERT INTO gtest24 (a) VALUES (4)
-- ;
INSERT INTO gtest24nn (a) VALUES (4)
-- ;
INSERT INTO gtest24nn (a) VALUES (NULL)
-- ;
INSERT INTO gtest_parent (f1, f2) VALUES ('2016-07-15', 1)
-- ;
SELECT * FROM gtest_parent
-- ;
SELECT * FROM gtest_child
-- ;
UPDATE gtest_parent SET f1 = f1 + 60, f2 = f2 + 1
-- ;
SELECT * FROM gtest_child3
-- ;
INSERT INTO gtest25 VALUES (3), (4)
-- ;
SELECT * FROM gtest25 ORDER BY a
-- ;
INSERT INTO gtest27 (a, b) VALUES (3, 7), (4, 11)
-- ;
SELECT * FROM gtest27
-- ;
INSERT INTO gtest29 (a) VALUES (3), (4)
-- ;
INSERT INTO gtest29 (a, b) VALUES (6, 66)
-- ;
SELECT * FROM gtest29
-- ;
INSERT INTO gtest26 (a) VALUES (-2), (0), (3)
-- ;
SELECT * FROM gtest26 ORDER BY a
-- ;
UPDATE gtest26 SET a = a * -2
-- ;
DELETE FROM gtest26 WHERE a = -6
-- ;
UPDATE gtest26 SET a = 1 WHERE a = 0
-- ;
TRUNCATE gtest26
-- ;
CREATE FUNCTION gtest_trigger_func4() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  NEW.a = 10;
  NEW.b = 300;
  RETURN NEW;
END;
$$
-- ;
CREATE RULE gtest_rule_upd AS ON UPDATE TO gtest_rule
  DO ALSO INSERT INTO gtest_rule_log VALUES ('UPD', OLD.b, NEW.b)
-- ;
CREATE RULE gtest_rule_ins AS ON INSERT TO gtest_rule
  DO ALSO INSERT INTO gtest_rule_log VALUES ('INS', NULL, NEW.b)
-- ;
INSERT INTO gtest_rule (a) VALUES (1)
-- ;
UPDATE gtest_rule SET a = 10
-- ;
UPDATE gtest_rule SET a = (SELECT max(b) FROM gtest_rule)
-- ;
SELECT * FROM gtest_rule_log
-- ;
SELECT * FROM gtest_rule
-- ;
INSERT INTO a(aa) VALUES('aaa')
-- ;
INSERT INTO b(aa) VALUES('bbb')
-- ;
INSERT INTO c(aa) VALUES('ccc')
-- ;
INSERT INTO d(aa) VALUES('ddd')
-- ;
SELECT relname, a.* FROM a, pg_class where a.tableoid = pg_class.oid
-- ;
SELECT relname, b.* FROM b, pg_class where b.tableoid = pg_class.oid
-- ;
SELECT relname, c.* FROM c, pg_class where c.tableoid = pg_class.oid
-- ;
SELECT relname, d.* FROM d, pg_class where d.tableoid = pg_class.oid
-- ;
SELECT relname, a.* FROM ONLY a, pg_class where a.tableoid = pg_class.oid
-- ;
SELECT relname, b.* FROM ONLY b, pg_class where b.tableoid = pg_class.oid
-- ;
SELECT relname, c.* FROM ONLY c, pg_class where c.tableoid = pg_class.oid
-- ;
SELECT relname, d.* FROM ONLY d, pg_class where d.tableoid = pg_class.oid
-- ;
UPDATE a SET aa='zzzz' WHERE aa='aaaa'
-- ;
UPDATE ONLY a SET aa='zzzzz' WHERE aa='aaaaa'
-- ;
UPDATE b SET aa='zzz' WHERE aa='aaa'
-- ;
UPDATE ONLY b SET aa='zzz' WHERE aa='aaa'
-- ;
UPDATE a SET aa='zzzzzz' WHERE aa LIKE 'aaa%'
-- ;
UPDATE b SET aa='new'
-- ;
UPDATE a SET aa='new'
-- ;
DELETE FROM ONLY c WHERE aa='new'
-- ;
DELETE FROM a
-- ;
INSERT INTO z VALUES (NULL, 'text')
-- ;
insert into some_tab_child select i, i+1, 0 from generate_series(1,1000) i
-- ;
create function some_tab_stmt_trig_func() returns trigger as
$$begin raise notice 'updating some_tab'; return NULL; end;$$
language plpgsql
-- ;
explain (costs off)
update some_tab set f3 = 11 where f1 = 12 and f2 = 13
-- ;
update some_tab set f3 = 11 where f1 = 12 and f2 = 13
-- ;
insert into some_tab_child values(1,2)
-- ;
explain (verbose, costs off)
update some_tab set a = a + 1 where false
-- ;
update some_tab set a = a + 1 where false
-- ;
explain (verbose, costs off)
update some_tab set a = a + 1 where false returning b, a
-- ;
update some_tab set a = a + 1 where false returning b, a
-- ;
table some_tab
-- ;
insert into foo values(1,1)
-- ;
insert into foo2 values(2,2,2)
-- ;
insert into bar2 values(1,1,1)
-- ;
update bar set f2 = f2 + 100 where f1 in (select f1 from foo)
-- ;
select tableoid::regclass::text as relname, bar.* from bar order by 1,2
-- ;
update bar set f2 = f2 + 100
from
  ( select f1 from foo union all select f1+3 from foo ) ss
where bar.f1 = ss.f1
-- ;
insert into some_tab values (0)
-- ;
insert into some_tab_child values (1)
-- ;
insert into parted_tab values (1, 'a'), (2, 'a'), (3, 'a')
-- ;
update parted_tab set b = 'b'
from
  (select a from some_tab union all select a+1 from some_tab) ss (a)
where parted_tab.a = ss.a
-- ;
select tableoid::regclass::text as relname, parted_tab.* from parted_tab order by 1,2
-- ;
truncate parted_tab
-- ;
update parted_tab set b = 'b'
from
  (select 0 from parted_tab union all select 1 from parted_tab) ss (a)
where parted_tab.a = ss.a
-- ;
explain update parted_tab set a = 2 where false
-- ;
insert into mlparted_tab values (1, 'a'), (2, 'a'), (2, 'b'), (3, 'a')
-- ;
update mlparted_tab mlp set c = 'xxx'
from
  (select a from some_tab union all select a+1 from some_tab) ss (a)
where (mlp.a = ss.a and mlp.b = 'b') or mlp.a = 3
-- ;
select tableoid::regclass::text as relname, mlparted_tab.* from mlparted_tab order by 1,2
-- ;
insert into d values('test','one','two','three')
-- ;
select * from d
-- ;
select pc.relname, pgc.conname, pgc.contype, pgc.conislocal, pgc.coninhcount, pgc.connoinherit from pg_class as pc inner join pg_constraint as pgc on (pgc.conrelid = pc.oid) where pc.relname = 'p1' order by 1,2
-- ;
insert into derived (i) values (0)
-- ;
select derived::base from derived
-- ;
select NULL::derived::base
-- ;
explain (verbose on, costs off) select row(i, b)::more_derived::derived::base from more_derived
-- ;
explain (verbose on, costs off) select (1, 2)::more_derived::derived::base
-- ;
insert into c1 values(123456789, 'hi', 42)
-- ;
select p2text(c1.*) from c1
-- ;
select pc.relname, pgc.conname, pgc.contype, pgc.conislocal, pgc.coninhcount, pg_get_expr(pgc.conbin, pc.oid) as consrc from pg_class as pc inner join pg_constraint as pgc on (pgc.conrelid = pc.oid) where pc.relname in ('ac', 'bc') order by 1,2
-- ;
insert into ac (aa) values (NULL)
-- ;
insert into bc (aa) values (NULL)
-- ;
select pc.relname, pgc.conname, pgc.contype, pgc.conislocal, pgc.coninhcount, pg_get_expr(pgc.conbin, pc.oid) as consrc from pg_class as pc inner join pg_constraint as pgc on (pgc.conrelid = pc.oid) where pc.relname in ('ac', 'bc', 'cc') order by 1,2
-- ;
insert into c1 values(1,-1,2)
-- ;
delete from c1
-- ;
WITH RECURSIVE r AS (
  SELECT 'inht1'::regclass AS inhrelid
UNION ALL
  SELECT c.inhrelid FROM pg_inherits c, r WHERE r.inhrelid = c.inhparent
)
SELECT a.attrelid::regclass, a.attname, a.attinhcount, e.expected
  FROM (SELECT inhrelid, count(*) AS expected FROM pg_inherits
        WHERE inhparent IN (SELECT inhrelid FROM r) GROUP BY inhrelid) e
  JOIN pg_attribute a ON e.inhrelid = a.attrelid WHERE NOT attislocal
  ORDER BY a.attrelid::regclass::name, a.attnum
-- ;
insert into inh_fk_1 values (1), (2), (3)
-- ;
insert into inh_fk_2 values (11, 1), (22, 2), (33, 3)
-- ;
insert into inh_fk_2_child values (111, 1), (222, 2)
-- ;
delete from inh_fk_1 where a = 1
-- ;
select * from inh_fk_1 order by 1
-- ;
select * from inh_fk_2 order by 1, 2
-- ;
select conrelid::regclass::text as relname, conname, conislocal, coninhcount
from pg_constraint where conname like 'inh\_check\_constraint%'
order by 1, 2
-- ;
insert into invalid_check_con values(0)
-- ;
insert into invalid_check_con_child values(0)
-- ;
select conrelid::regclass::text as relname, conname,
       convalidated, conislocal, coninhcount, connoinherit
from pg_constraint where conname like 'inh\_check\_constraint%'
order by 1, 2
-- ;
create temp table patest0 (id, x) as
  select x, x from generate_series(0,1000) x
-- ;
insert into patest1
  select x, x from generate_series(0,1000) x
-- ;
insert into patest2
  select x, x from generate_series(0,1000) x
-- ;
explain (costs off)
select * from patest0 join (select f1 from int4_tbl limit 1) ss on id = f1
-- ;
select * from patest0 join (select f1 from int4_tbl limit 1) ss on id = f1
-- ;
insert into matest1 (name) values ('Test 1')
-- ;
insert into matest2 (name) values ('Test 3')
-- ;
insert into matest3 (name) values ('Test 5')
-- ;
explain (verbose, costs off) select * from matest0 order by 1-id
-- ;
select * from matest0 order by 1-id
-- ;
explain (verbose, costs off) select min(1-id) from matest0
-- ;
select min(1-id) from matest0
-- ;
explain (verbose, costs off)  -- bug #18652
select 1 - id as c from
(select id from matest3 t1 union all select id * 2 from matest3 t2) ss
order by c
-- ;
select 1 - id as c from
(select id from matest3 t1 union all select id * 2 from matest3 t2) ss
order by c
-- ;
explain (costs off)
select t1.* from matest0 t1, matest0 t2
where t1.b = t2.b and t2.c = t2.d
order by t1.b limit 10
-- ;
explain (costs off)
SELECT thousand, tenthous FROM tenk1
UNION ALL
SELECT thousand, thousand FROM tenk1
ORDER BY thousand, tenthous
-- ;
explain (costs off)
SELECT thousand, tenthous, thousand+tenthous AS x FROM tenk1
UNION ALL
SELECT 42, 42, hundred FROM tenk1
ORDER BY thousand, tenthous
-- ;
explain (costs off)
SELECT thousand, tenthous FROM tenk1
UNION ALL
SELECT thousand, random()::integer FROM tenk1
ORDER BY thousand, tenthous
-- ;
explain (costs off)
SELECT min(x) FROM
  (SELECT unique1 AS x FROM tenk1 a
   UNION ALL
   SELECT unique2 AS x FROM tenk1 b) s
-- ;
explain (costs off)
SELECT min(y) FROM
  (SELECT unique1 AS x, unique1 AS y FROM tenk1 a
   UNION ALL
   SELECT unique2 AS x, unique2 AS y FROM tenk1 b) s
-- ;
explain (costs off)
SELECT x, y FROM
  (SELECT thousand AS x, tenthous AS y FROM tenk1 a
   UNION ALL
   SELECT unique2 AS x, unique2 AS y FROM tenk1 b) s
ORDER BY x, y
-- ;
explain (costs off)
SELECT
    ARRAY(SELECT f.i FROM (
        (SELECT d + g.i FROM generate_series(4, 30, 3) d ORDER BY 1)
        UNION ALL
        (SELECT d + g.i FROM generate_series(0, 30, 5) d ORDER BY 1)
    ) f(i)
    ORDER BY f.i LIMIT 10)
FROM generate_series(1, 3) g(i)
-- ;
SELECT
    ARRAY(SELECT f.i FROM (
        (SELECT d + g.i FROM generate_series(4, 30, 3) d ORDER BY 1)
        UNION ALL
        (SELECT d + g.i FROM generate_series(0, 30, 5) d ORDER BY 1)
    ) f(i)
    ORDER BY f.i LIMIT 10)
FROM generate_series(1, 3) g(i)
-- ;
insert into inhpar select x, x::text from generate_series(1,5) x
-- ;
insert into inhcld select x::text, x from generate_series(6,10) x
-- ;
explain (verbose, costs off)
update inhpar i set (f1, f2) = (select i.f1, i.f2 || '-' from int4_tbl limit 1)
-- ;
update inhpar i set (f1, f2) = (select i.f1, i.f2 || '-' from int4_tbl limit 1)
-- ;
select * from inhpar
-- ;
insert into inhpar select x, x::text from generate_series(1,10) x
-- ;
insert into inhpar as i values (3), (7) on conflict (f1)
  do update set (f1, f2) = (select i.f1, i.f2 || '+')
-- ;
select * from inhpar order by f1
-- ;
insert into cnullchild values(1)
-- ;
insert into cnullchild values(null)
-- ;
select * from cnullparent
-- ;
select * from cnullparent where f1 = 2
-- ;
insert into inh_perm_parent values (1)
-- ;
insert into inh_temp_parent values (2)
-- ;
insert into inh_temp_child values (3)
-- ;
insert into inh_temp_child_2 values (4)
-- ;
select tableoid::regclass, a1 from inh_perm_parent
-- ;
select tableoid::regclass, a1 from inh_temp_parent
-- ;
explain (costs off) select * from list_parted
-- ;
explain (costs off) select * from list_parted where a is null
-- ;
explain (costs off) select * from list_parted where a is not null
-- ;
explain (costs off) select * from list_parted where a in ('ab', 'cd', 'ef')
-- ;
explain (costs off) select * from list_parted where a = 'ab' or a in (null, 'cd')
-- ;
explain (costs off) select * from list_parted where a = 'ab'
-- ;
explain (costs off) select * from range_list_parted
-- ;
explain (costs off) select * from range_list_parted where a = 5
-- ;
explain (costs off) select * from range_list_parted where b = 'ab'
-- ;
explain (costs off) select * from range_list_parted where a between 3 and 23 and b in ('ab')
-- ;
explain (costs off) select * from range_list_parted where a is null
-- ;
explain (costs off) select * from range_list_parted where b is null
-- ;
explain (costs off) select * from range_list_parted where a is not null and a < 67
-- ;
explain (costs off) select * from range_list_parted where a >= 30
-- ;
explain (costs off) select * from mcrparted where a = 0
-- ;
explain (costs off) select * from mcrparted where a = 10 and abs(b) < 5
-- ;
explain (costs off) select * from mcrparted where a = 10 and abs(b) = 5
-- ;
explain (costs off) select * from mcrparted where abs(b) = 5
-- ;
explain (costs off) select * from mcrparted where a > -1
-- ;
explain (costs off) select * from mcrparted where a = 20 and abs(b) = 10 and c > 10
-- ;
explain (costs off) select * from mcrparted where a = 20 and c > 20
-- ;
insert into parted_minmax values (1,'12345')
-- ;
explain (costs off) select min(a), max(a) from parted_minmax where b = '12345'
-- ;
select min(a), max(a) from parted_minmax where b = '12345'
-- ;
explain (costs off) select * from mcrparted order by a, abs(b), c
-- ;
explain (costs off) select * from mcrparted order by a desc, abs(b) desc, c desc
-- ;
explain (costs off) select a, abs(b) from mcrparted order by a, abs(b), c
-- ;
explain (costs off) select * from mcrparted where a < 20 order by a, abs(b), c
-- ;
explain (costs off) select * from mclparted order by a
-- ;
explain (costs off) select * from mclparted where a in(3,4,5) order by a
-- ;
explain (costs off) select * from mclparted where a in(1,2,4) order by a
-- ;
explain (costs off) select * from mclparted where a in(1,2,4) or a is null order by a
-- ;
explain (costs off) select * from mclparted where a in(0,1,2,4) order by a
-- ;
explain (costs off) select * from mclparted where a in(1,2,4,100) order by a
-- ;
explain (costs off) select * from mcrparted where a < 20 order by a, abs(b), c limit 1
-- ;
explain (costs off) select * from mcrparted where a = 10 order by a, abs(b), c
-- ;
explain (costs off) select * from bool_lp order by b
-- ;
explain (costs off) select * from bool_rp where b = true order by b,a
-- ;
explain (costs off) select * from bool_rp where b = false order by b,a
-- ;
explain (costs off) select * from bool_rp where b = true order by a
-- ;
explain (costs off) select * from bool_rp where b = false order by a
-- ;
explain (costs off) select * from range_parted order by a,b,c
-- ;
explain (costs off) select * from range_parted order by a desc,b desc,c desc
-- ;
insert into permtest_parent
  select 1, 'a', left(md5(i::text), 5) from generate_series(0, 100) i
-- ;
explain (costs off)
  select * from permtest_parent p1 inner join permtest_parent p2
  on p1.a = p2.a and p1.c ~ 'a1$'
-- ;
explain (costs off)
  select * from permtest_parent p1 inner join permtest_parent p2
  on p1.a = p2.a and left(p1.c, 3) ~ 'a1$'
-- ;
explain (costs off)
  select p2.a, p1.c from permtest_parent p1 inner join permtest_parent p2
  on p1.a = p2.a and p1.c ~ 'a1$'
-- ;
explain (costs off)
  select p2.a, p1.c from permtest_parent p1 inner join permtest_parent p2
  on p1.a = p2.a and left(p1.c, 3) ~ 'a1$'
-- ;
INSERT INTO errtst_parent(partid, shdata, data) VALUES ( '0', '1', '5')
-- ;
INSERT INTO errtst_parent(partid, shdata, data) VALUES ( '0', '1', NULL)
-- ;
UPDATE errtst_parent SET data = data + 1 WHERE partid = 0
-- ;
UPDATE errtst_parent SET data = data + 10 WHERE partid = 0
-- ;
UPDATE errtst_child_fastdef SET partid = 1 WHERE partid = 0
-- ;
UPDATE errtst_child_plaindef SET partid = 11 WHERE partid = 10
-- ;
UPDATE errtst_child_reorder SET partid = 21 WHERE partid = 20
-- ;
UPDATE errtst_child_fastdef SET partid = partid + 10 WHERE partid = 0
-- ;
UPDATE errtst_child_plaindef SET partid = partid + 10 WHERE partid = 10
-- ;
UPDATE errtst_child_reorder SET partid = partid + 10 WHERE partid = 20
-- ;
UPDATE errtst_parent SET partid = 10, data = data + 1 WHERE partid = 0
-- ;
UPDATE errtst_parent SET partid = 10, data = data + 10 WHERE partid = 0
-- ;
INSERT INTO mvtest_t VALUES
  (1, 'x', 2),
  (2, 'x', 3),
  (3, 'y', 5),
  (4, 'y', 7),
  (5, 'z', 11)
-- ;
CREATE VIEW mvtest_tv AS SELECT type, sum(amt) AS totamt FROM mvtest_t GROUP BY type
-- ;
SELECT * FROM mvtest_tv ORDER BY type
-- ;
EXPLAIN (costs off)
  CREATE MATERIALIZED VIEW mvtest_tm AS SELECT type, sum(amt) AS totamt FROM mvtest_t GROUP BY type WITH NO DATA
-- ;
CREATE MATERIALIZED VIEW mvtest_tm AS SELECT type, sum(amt) AS totamt FROM mvtest_t GROUP BY type WITH NO DATA
-- ;
SELECT relispopulated FROM pg_class WHERE oid = 'mvtest_tm'::regclass
-- ;
SELECT * FROM mvtest_tm ORDER BY type
-- ;
REFRESH MATERIALIZED VIEW mvtest_tm
-- ;
EXPLAIN (costs off)
  CREATE MATERIALIZED VIEW mvtest_tvm AS SELECT * FROM mvtest_tv ORDER BY type
-- ;
CREATE MATERIALIZED VIEW mvtest_tvm AS SELECT * FROM mvtest_tv ORDER BY type
-- ;
SELECT * FROM mvtest_tvm
-- ;
CREATE MATERIALIZED VIEW mvtest_tmm AS SELECT sum(totamt) AS grandtot FROM mvtest_tm
-- ;
CREATE MATERIALIZED VIEW mvtest_tvmm AS SELECT sum(totamt) AS grandtot FROM mvtest_tvm
-- ;
CREATE VIEW mvtest_tvv AS SELECT sum(totamt) AS grandtot FROM mvtest_tv
-- ;
EXPLAIN (costs off)
  CREATE MATERIALIZED VIEW mvtest_tvvm AS SELECT * FROM mvtest_tvv
-- ;
CREATE MATERIALIZED VIEW mvtest_tvvm AS SELECT * FROM mvtest_tvv
-- ;
CREATE VIEW mvtest_tvvmv AS SELECT * FROM mvtest_tvvm
-- ;
CREATE MATERIALIZED VIEW mvtest_bb AS SELECT * FROM mvtest_tvvmv
-- ;
SELECT * FROM mvtest_tvm ORDER BY type
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY mvtest_tm
-- ;
REFRESH MATERIALIZED VIEW mvtest_tvm
-- ;
EXPLAIN (costs off)
  SELECT * FROM mvtest_tmm
-- ;
EXPLAIN (costs off)
  SELECT * FROM mvtest_tvmm
-- ;
EXPLAIN (costs off)
  SELECT * FROM mvtest_tvvm
-- ;
SELECT * FROM mvtest_tmm
-- ;
SELECT * FROM mvtest_tvmm
-- ;
SELECT * FROM mvtest_tvvm
-- ;
REFRESH MATERIALIZED VIEW mvtest_tmm
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY mvtest_tvmm
-- ;
REFRESH MATERIALIZED VIEW mvtest_tvmm
-- ;
REFRESH MATERIALIZED VIEW mvtest_tvvm
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY mvtest_tvmm WITH NO DATA
-- ;
SELECT * FROM mvtest_tvvm FOR SHARE
-- ;
SELECT type, m.totamt AS mtot, v.totamt AS vtot FROM mvtest_tm m LEFT JOIN mvtest_tv v USING (type) ORDER BY type
-- ;
CREATE VIEW mvtest_vt1 AS SELECT 1 moo
-- ;
CREATE VIEW mvtest_vt2 AS SELECT moo, 2*moo FROM mvtest_vt1 UNION ALL SELECT moo, 3*moo FROM mvtest_vt1
-- ;
CREATE MATERIALIZED VIEW mv_test2 AS SELECT moo, 2*moo FROM mvtest_vt2 UNION ALL SELECT moo, 3*moo FROM mvtest_vt2
-- ;
CREATE MATERIALIZED VIEW mv_test3 AS SELECT * FROM mv_test2 WHERE moo = 12345
-- ;
SELECT relispopulated FROM pg_class WHERE oid = 'mv_test3'::regclass
-- ;
CREATE TABLE mvtest_foo(a, b) AS VALUES(1, 10)
-- ;
CREATE MATERIALIZED VIEW mvtest_mv AS SELECT * FROM mvtest_foo
-- ;
INSERT INTO mvtest_foo SELECT * FROM mvtest_foo
-- ;
REFRESH MATERIALIZED VIEW mvtest_mv
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY mvtest_mv
-- ;
CREATE TABLE mvtest_foo(a, b, c) AS VALUES(1, 2, 3)
-- ;
INSERT INTO mvtest_foo VALUES(2, 3, 4)
-- ;
CREATE MATERIALIZED VIEW mvtest_mv1 AS SELECT 1 AS col1 WITH NO DATA
-- ;
CREATE MATERIALIZED VIEW mvtest_mv2 AS SELECT * FROM mvtest_mv1
  WHERE col1 = (SELECT LEAST(col1) FROM mvtest_mv1) WITH NO DATA
-- ;
INSERT INTO mvtest_boxes (b) VALUES
  ('(32,32),(31,31)'),
  ('(2.0000004,2.0000004),(1,1)'),
  ('(1.9999996,1.9999996),(1,1)')
-- ;
CREATE MATERIALIZED VIEW mvtest_boxmv AS SELECT * FROM mvtest_boxes
-- ;
UPDATE mvtest_boxes SET b = '(2,2),(1,1)' WHERE id = 2
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY mvtest_boxmv
-- ;
SELECT * FROM mvtest_boxmv ORDER BY id
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_v (ii, jj, kk) AS SELECT i, j FROM mvtest_v
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_v (ii, jj) AS SELECT i, j FROM mvtest_v
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_v_2 (ii) AS SELECT i, j FROM mvtest_v
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_v_3 (ii, jj, kk) AS SELECT i, j FROM mvtest_v WITH NO DATA
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_v_3 (ii, jj) AS SELECT i, j FROM mvtest_v WITH NO DATA
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_v_4 (ii) AS SELECT i, j FROM mvtest_v WITH NO DATA
-- ;
INSERT INTO mvtest_v values (1, 2)
-- ;
REFRESH MATERIALIZED VIEW mvtest_mv_v
-- ;
UPDATE mvtest_v SET j = 3 WHERE x = 1
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY mvtest_mv_v
-- ;
REFRESH MATERIALIZED VIEW mvtest_mv_v_2
-- ;
REFRESH MATERIALIZED VIEW mvtest_mv_v_3
-- ;
REFRESH MATERIALIZED VIEW mvtest_mv_v_4
-- ;
SELECT * FROM mvtest_v
-- ;
SELECT * FROM mvtest_mv_v
-- ;
SELECT * FROM mvtest_mv_v_2
-- ;
SELECT * FROM mvtest_mv_v_3
-- ;
SELECT * FROM mvtest_mv_v_4
-- ;
CREATE MATERIALIZED VIEW mv_unspecified_types AS
  SELECT 42 as i, 42.5 as num, 'foo' as u, 'foo'::unknown as u2, null as n
-- ;
SELECT * FROM mv_unspecified_types
-- ;
create materialized view mvtest_error as select 1/0 as x
-- ;
create materialized view mvtest_error as select 1/0 as x with no data
-- ;
refresh materialized view mvtest_error
-- ;
CREATE TABLE mvtest_v AS SELECT generate_series(1,10) AS a
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_v AS SELECT a FROM mvtest_v WHERE a <= 5
-- ;
DELETE FROM mvtest_v WHERE EXISTS ( SELECT * FROM mvtest_mv_v WHERE mvtest_mv_v.a = mvtest_v.a )
-- ;
CREATE TABLE mvtest_foo_data AS SELECT i,
  i+1 AS tid,
  md5(random()::text) AS mv,
  md5(random()::text) AS newdata,
  md5(random()::text) AS newdata2,
  md5(random()::text) AS diff
  FROM generate_series(1, 10) i
-- ;
CREATE MATERIALIZED VIEW mvtest_mv_foo AS SELECT * FROM mvtest_foo_data
-- ;
CREATE MATERIALIZED VIEW IF NOT EXISTS mvtest_mv_foo AS SELECT * FROM mvtest_foo_data
-- ;
REFRESH MATERIALIZED VIEW mvtest_mv_foo
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY mvtest_mv_foo
-- ;
CREATE MATERIALIZED VIEW drop_idx_matview AS
  SELECT 1 as i WHERE mvtest_drop_the_index()
-- ;
REFRESH MATERIALIZED VIEW CONCURRENTLY drop_idx_matview
-- ;
SELECT mvtest_func()
-- ;
SELECT * FROM mvtest1
-- ;
SELECT * FROM mvtest2
-- ;
CREATE MATERIALIZED VIEW matview_schema.mv_withdata1 (a) AS
  SELECT generate_series(1, 10) WITH DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE MATERIALIZED VIEW matview_schema.mv_withdata2 (a) AS
  SELECT generate_series(1, 10) WITH DATA
-- ;
REFRESH MATERIALIZED VIEW matview_schema.mv_withdata2
-- ;
CREATE MATERIALIZED VIEW matview_schema.mv_nodata1 (a) AS
  SELECT generate_series(1, 10) WITH NO DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE MATERIALIZED VIEW matview_schema.mv_nodata2 (a) AS
  SELECT generate_series(1, 10) WITH NO DATA
-- ;
REFRESH MATERIALIZED VIEW matview_schema.mv_nodata2
-- ;
CREATE MATERIALIZED VIEW matview_ine_tab AS SELECT 1
-- ;
CREATE MATERIALIZED VIEW matview_ine_tab AS SELECT 1 / 0
-- ;
CREATE MATERIALIZED VIEW IF NOT EXISTS matview_ine_tab AS
  SELECT 1 / 0
-- ;
CREATE MATERIALIZED VIEW matview_ine_tab AS
  SELECT 1 / 0 WITH NO DATA
-- ;
CREATE MATERIALIZED VIEW IF NOT EXISTS matview_ine_tab AS
  SELECT 1 / 0 WITH NO DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE MATERIALIZED VIEW matview_ine_tab AS
    SELECT 1 / 0
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE MATERIALIZED VIEW IF NOT EXISTS matview_ine_tab AS
    SELECT 1 / 0
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE MATERIALIZED VIEW matview_ine_tab AS
    SELECT 1 / 0 WITH NO DATA
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
  CREATE MATERIALIZED VIEW IF NOT EXISTS matview_ine_tab AS
    SELECT 1 / 0 WITH NO DATA
-- ;
SELECT *
   INTO TABLE ramp
   FROM ONLY road
   WHERE name ~ '.*Ramp'
-- ;
CREATE VIEW street AS
   SELECT r.name, r.thepath, c.cname AS cname
   FROM ONLY road r, real_city c
   WHERE c.outline ?# r.thepath
-- ;
CREATE VIEW iexit AS
   SELECT ih.name, ih.thepath,
	interpt_pp(ih.thepath, r.thepath) AS exit
   FROM ihighway ih, ramp r
   WHERE ih.thepath ?# r.thepath
-- ;
CREATE VIEW toyemp AS
   SELECT name, age, location, 12*salary AS annualsal
   FROM emp
-- ;
CREATE VIEW key_dependent_view AS
   SELECT * FROM view_base_table GROUP BY key
-- ;
CREATE VIEW key_dependent_view_no_cols AS
   SELECT FROM view_base_table GROUP BY key HAVING length(data) > 0
-- ;
COPY viewtest_tbl FROM stdin
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT * FROM viewtest_tbl
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT * FROM viewtest_tbl WHERE a > 10
-- ;
SELECT * FROM viewtest
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT a, b, c, d FROM viewtest_tbl WHERE a > 5 ORDER BY b DESC
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT a FROM viewtest_tbl WHERE a <> 20
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT 1, * FROM viewtest_tbl
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT a, b::numeric, c, d FROM viewtest_tbl
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT a, b, c::numeric(10,2), d FROM viewtest_tbl
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT a, b, c, d COLLATE "POSIX" FROM viewtest_tbl
-- ;
CREATE OR REPLACE VIEW viewtest AS
	SELECT a, b, c, d, 0 AS e FROM viewtest_tbl
-- ;
CREATE VIEW v1 AS SELECT * FROM base_table
-- ;
CREATE VIEW v1_temp AS SELECT * FROM temp_table
-- ;
CREATE TEMP VIEW v2_temp AS SELECT * FROM base_table
-- ;
CREATE VIEW temp_view_test.v2 AS SELECT * FROM base_table
-- ;
CREATE VIEW temp_view_test.v3_temp AS SELECT * FROM temp_table
-- ;
CREATE VIEW v3 AS
    SELECT t1.a AS t1_a, t2.a AS t2_a
    FROM base_table t1, base_table2 t2
    WHERE t1.id = t2.id
-- ;
CREATE VIEW v4_temp AS
    SELECT t1.a AS t1_a, t2.a AS t2_a
    FROM base_table t1, temp_table t2
    WHERE t1.id = t2.id
-- ;
CREATE VIEW v5_temp AS
    SELECT t1.a AS t1_a, t2.a AS t2_a, t3.a AS t3_a
    FROM base_table t1, base_table2 t2, temp_table t3
    WHERE t1.id = t2.id and t2.id = t3.id
-- ;
CREATE VIEW v4 AS SELECT * FROM base_table WHERE id IN (SELECT id FROM base_table2)
-- ;
CREATE VIEW v5 AS SELECT t1.id, t2.a FROM base_table t1, (SELECT * FROM base_table2) t2
-- ;
CREATE VIEW v6 AS SELECT * FROM base_table WHERE EXISTS (SELECT 1 FROM base_table2)
-- ;
CREATE VIEW v7 AS SELECT * FROM base_table WHERE NOT EXISTS (SELECT 1 FROM base_table2)
-- ;
CREATE VIEW v8 AS SELECT * FROM base_table WHERE EXISTS (SELECT 1)
-- ;
CREATE VIEW v6_temp AS SELECT * FROM base_table WHERE id IN (SELECT id FROM temp_table)
-- ;
CREATE VIEW v7_temp AS SELECT t1.id, t2.a FROM base_table t1, (SELECT * FROM temp_table) t2
-- ;
CREATE VIEW v8_temp AS SELECT * FROM base_table WHERE EXISTS (SELECT 1 FROM temp_table)
-- ;
CREATE VIEW v9_temp AS SELECT * FROM base_table WHERE NOT EXISTS (SELECT 1 FROM temp_table)
-- ;
CREATE VIEW v10_temp AS SELECT * FROM v7_temp
-- ;
CREATE VIEW v11_temp AS SELECT t1.id, t2.a FROM base_table t1, v10_temp t2
-- ;
CREATE VIEW v12_temp AS SELECT true FROM v11_temp
-- ;
CREATE VIEW v9 AS SELECT seq1.is_called FROM seq1
-- ;
CREATE VIEW v13_temp AS SELECT seq1_temp.is_called FROM seq1_temp
-- ;
SELECT relname FROM pg_class
    WHERE relname LIKE 'v_'
    AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'temp_view_test')
    ORDER BY relname
-- ;
SELECT relname FROM pg_class
    WHERE relname LIKE 'v%'
    AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg_temp%')
    ORDER BY relname
-- ;
CREATE VIEW nontemp1 AS SELECT * FROM t1 CROSS JOIN t2
-- ;
CREATE VIEW temporal1 AS SELECT * FROM t1 CROSS JOIN tt
-- ;
CREATE VIEW nontemp2 AS SELECT * FROM t1 INNER JOIN t2 ON t1.num = t2.num2
-- ;
CREATE VIEW temporal2 AS SELECT * FROM t1 INNER JOIN tt ON t1.num = tt.num2
-- ;
CREATE VIEW nontemp3 AS SELECT * FROM t1 LEFT JOIN t2 ON t1.num = t2.num2
-- ;
CREATE VIEW temporal3 AS SELECT * FROM t1 LEFT JOIN tt ON t1.num = tt.num2
-- ;
CREATE VIEW nontemp4 AS SELECT * FROM t1 LEFT JOIN t2 ON t1.num = t2.num2 AND t2.value = 'xxx'
-- ;
CREATE VIEW temporal4 AS SELECT * FROM t1 LEFT JOIN tt ON t1.num = tt.num2 AND tt.value = 'xxx'
-- ;
SELECT relname FROM pg_class
    WHERE relname LIKE 'nontemp%'
    AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'testviewschm2')
    ORDER BY relname
-- ;
SELECT relname FROM pg_class
    WHERE relname LIKE 'temporal%'
    AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg_temp%')
    ORDER BY relname
-- ;
CREATE   VIEW  pubview AS SELECT * FROM tbl1 WHERE tbl1.a
BETWEEN (SELECT d FROM tbl2 WHERE c = 1) AND (SELECT e FROM tbl3 WHERE f = 2)
AND EXISTS (SELECT g FROM tbl4 LEFT JOIN tbl3 ON tbl4.h = tbl3.f)
-- ;
SELECT count(*) FROM pg_class where relname = 'pubview'
AND relnamespace IN (SELECT OID FROM pg_namespace WHERE nspname = 'testviewschm2')
-- ;
CREATE   VIEW  mytempview AS SELECT * FROM tbl1 WHERE tbl1.a
BETWEEN (SELECT d FROM tbl2 WHERE c = 1) AND (SELECT e FROM tbl3 WHERE f = 2)
AND EXISTS (SELECT g FROM tbl4 LEFT JOIN tbl3 ON tbl4.h = tbl3.f)
AND NOT EXISTS (SELECT g FROM tbl4 LEFT JOIN tmptbl ON tbl4.h = tmptbl.j)
-- ;
SELECT count(*) FROM pg_class where relname LIKE 'mytempview'
And relnamespace IN (SELECT OID FROM pg_namespace WHERE nspname LIKE 'pg_temp%')
-- ;
CREATE VIEW mysecview1
       AS SELECT * FROM tbl1 WHERE a = 0
-- ;
CREATE VIEW mysecview2 WITH (security_barrier=true)
       AS SELECT * FROM tbl1 WHERE a > 0
-- ;
CREATE VIEW mysecview3 WITH (security_barrier=false)
       AS SELECT * FROM tbl1 WHERE a < 0
-- ;
CREATE VIEW mysecview4 WITH (security_barrier)
       AS SELECT * FROM tbl1 WHERE a <> 0
-- ;
CREATE VIEW mysecview5 WITH (security_barrier=100)	-- Error
       AS SELECT * FROM tbl1 WHERE a > 100
-- ;
CREATE VIEW mysecview6 WITH (invalid_option)		-- Error
       AS SELECT * FROM tbl1 WHERE a < 100
-- ;
CREATE VIEW mysecview7 WITH (security_invoker=true)
       AS SELECT * FROM tbl1 WHERE a = 100
-- ;
CREATE VIEW mysecview8 WITH (security_invoker=false, security_barrier=true)
       AS SELECT * FROM tbl1 WHERE a > 100
-- ;
CREATE VIEW mysecview9 WITH (security_invoker)
       AS SELECT * FROM tbl1 WHERE a < 100
-- ;
CREATE VIEW mysecview10 WITH (security_invoker=100)	-- Error
       AS SELECT * FROM tbl1 WHERE a <> 100
-- ;
SELECT relname, relkind, reloptions FROM pg_class
       WHERE oid in ('mysecview1'::regclass, 'mysecview2'::regclass,
                     'mysecview3'::regclass, 'mysecview4'::regclass,
                     'mysecview7'::regclass, 'mysecview8'::regclass,
                     'mysecview9'::regclass)
       ORDER BY relname
-- ;
CREATE OR REPLACE VIEW mysecview1
       AS SELECT * FROM tbl1 WHERE a = 256
-- ;
CREATE OR REPLACE VIEW mysecview2
       AS SELECT * FROM tbl1 WHERE a > 256
-- ;
CREATE OR REPLACE VIEW mysecview3 WITH (security_barrier=true)
       AS SELECT * FROM tbl1 WHERE a < 256
-- ;
CREATE OR REPLACE VIEW mysecview4 WITH (security_barrier=false)
       AS SELECT * FROM tbl1 WHERE a <> 256
-- ;
CREATE OR REPLACE VIEW mysecview7
       AS SELECT * FROM tbl1 WHERE a > 256
-- ;
CREATE OR REPLACE VIEW mysecview8 WITH (security_invoker=true)
       AS SELECT * FROM tbl1 WHERE a < 256
-- ;
CREATE OR REPLACE VIEW mysecview9 WITH (security_invoker=false, security_barrier=true)
       AS SELECT * FROM tbl1 WHERE a <> 256
-- ;
CREATE VIEW unspecified_types AS
  SELECT 42 as i, 42.5 as num, 'foo' as u, 'foo'::unknown as u2, null as n
-- ;
SELECT * FROM unspecified_types
-- ;
CREATE VIEW tt1 AS
  SELECT * FROM (
    VALUES
       ('abc'::varchar(3), '0123456789', 42, 'abcd'::varchar(4)),
       ('0123456789', 'abc'::varchar(3), 42.12, 'abc'::varchar(4))
  ) vv(a,b,c,d)
-- ;
SELECT * FROM tt1
-- ;
SELECT a::varchar(3) FROM tt1
-- ;
CREATE VIEW aliased_view_1 AS
  select * from tt1
    where exists (select 1 from tx1 where tt1.f1 = tx1.x1)
-- ;
CREATE VIEW aliased_view_2 AS
  select * from tt1 a1
    where exists (select 1 from tx1 where a1.f1 = tx1.x1)
-- ;
CREATE VIEW aliased_view_3 AS
  select * from tt1
    where exists (select 1 from tx1 a2 where tt1.f1 = a2.x1)
-- ;
CREATE VIEW aliased_view_4 AS
  select * from temp_view_test.tt1
    where exists (select 1 from tt1 where temp_view_test.tt1.y1 = tt1.f1)
-- ;
create view view_of_joins as
select * from
  (select * from (tbl1 cross join tbl2) same) ss,
  (tbl3 cross join tbl4) same
-- ;
create view view_of_joins_2a as select * from tbl1 join tbl1a using (a)
-- ;
create view view_of_joins_2b as select * from tbl1 join tbl1a using (a) as x
-- ;
create view view_of_joins_2c as select * from (tbl1 join tbl1a using (a)) as y
-- ;
create view view_of_joins_2d as select * from (tbl1 join tbl1a using (a) as x) as y
-- ;
select pg_get_viewdef('view_of_joins_2a', true)
-- ;
select pg_get_viewdef('view_of_joins_2b', true)
-- ;
select pg_get_viewdef('view_of_joins_2c', true)
-- ;
select pg_get_viewdef('view_of_joins_2d', true)
-- ;
create view v1 as select * from tt2 natural join tt3
-- ;
create view v1a as select * from (tt2 natural join tt3) j
-- ;
create view v2 as select * from tt2 join tt3 using (b,c) join tt4 using (b)
-- ;
create view v2a as select * from (tt2 join tt3 using (b,c) join tt4 using (b)) j
-- ;
create view v3 as select * from tt2 join tt3 using (b,c) full join tt4 using (b)
-- ;
select pg_get_viewdef('v1', true)
-- ;
select pg_get_viewdef('v1a', true)
-- ;
select pg_get_viewdef('v2', true)
-- ;
select pg_get_viewdef('v2a', true)
-- ;
select pg_get_viewdef('v3', true)
-- ;
create view vv1 as select * from (tt5 cross join tt6) j(aa,bb,cc,dd)
-- ;
select pg_get_viewdef('vv1', true)
-- ;
create view v4 as select * from v1
-- ;
select pg_get_viewdef('v4', true)
-- ;
create view vv2 as
select * from (values(1,2,3,4,5)) v(a,b,c,d,e)
union all
select * from tt7 full join tt8 using (x), tt8 tt8x
-- ;
select pg_get_viewdef('vv2', true)
-- ;
create view vv3 as
select * from (values(1,2,3,4,5,6)) v(a,b,c,x,e,f)
union all
select * from
  tt7 full join tt8 using (x),
  tt7 tt7x full join tt8 tt8x using (x)
-- ;
select pg_get_viewdef('vv3', true)
-- ;
create view vv4 as
select * from (values(1,2,3,4,5,6,7)) v(a,b,c,x,e,f,g)
union all
select * from
  tt7 full join tt8 using (x),
  tt7 tt7x full join tt8 tt8x using (x) full join tt8 tt8y using (x)
-- ;
select pg_get_viewdef('vv4', true)
-- ;
create view vv2a as
select * from (values(now(),2,3,now(),5)) v(a,b,c,d,e)
union all
select * from tt7a left join tt8a using (x), tt8a tt8ax
-- ;
select pg_get_viewdef('vv2a', true)
-- ;
create view vv5 as select x,y,z from tt9 join tt10 using(x)
-- ;
select pg_get_viewdef('vv5', true)
-- ;
create view vv6 as select x,y,z,q from
  (tt11 join tt12 using(x)) join tt13 using(z)
-- ;
select pg_get_viewdef('vv6', true)
-- ;
insert into tt14t values('foo', 'bar', 'baz', '42')
-- ;
create view tt14v as select t.* from tt14f() t
-- ;
select pg_get_viewdef('tt14v', true)
-- ;
select * from tt14v
-- ;
delete from pg_depend where
  objid = (select oid from pg_rewrite
           where ev_class = 'tt14v'::regclass and rulename = '_RETURN')
  and refobjsubid = 3
returning pg_describe_object(classid, objid, objsubid) as obj,
          pg_describe_object(refclassid, refobjid, refobjsubid) as ref,
          deptype
-- ;
explain (verbose, costs off) select * from tt14v
-- ;
select f1, f4 from tt14v
-- ;
delete from pg_depend where
  objid = (select oid from pg_rewrite
           where ev_class = 'tt14v'::regclass and rulename = '_RETURN')
  and refobjsubid = 4
returning pg_describe_object(classid, objid, objsubid) as obj,
          pg_describe_object(refclassid, refobjid, refobjsubid) as ref,
          deptype
-- ;
select f1, f3 from tt14v
-- ;
create view tt14v as select t.f1, t.f4 from tt14f() t
-- ;
create view tt15v as select row(i)::nestedcomposite from int8_tbl i
-- ;
select * from tt15v
-- ;
select pg_get_viewdef('tt15v', true)
-- ;
select row(i.*::int8_tbl)::nestedcomposite from int8_tbl i
-- ;
create view tt16v as select * from int8_tbl i, lateral(values(i)) ss
-- ;
select * from tt16v
-- ;
select pg_get_viewdef('tt16v', true)
-- ;
select * from int8_tbl i, lateral(values(i.*::int8_tbl)) ss
-- ;
create view tt17v as select * from int8_tbl i where i in (values(i))
-- ;
select * from tt17v
-- ;
select pg_get_viewdef('tt17v', true)
-- ;
select * from int8_tbl i where i.* in (values(i.*::int8_tbl))
-- ;
create rule updlog as on update to tt15v do also
  insert into tt15v_log values(old, new, row(old,old) < row(new,new))
-- ;
create view tt18v as
  select * from int8_tbl xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy
  union all
  select * from int8_tbl xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxz
-- ;
select pg_get_viewdef('tt18v', true)
-- ;
explain (costs off) select * from tt18v
-- ;
select 'foo'::text = any(array['abc','def','foo']::text[])
-- ;
select 'foo'::text = any((select array['abc','def','foo']::text[]))
-- ;
select 'foo'::text = any((select array['abc','def','foo']::text[])::text[])
-- ;
create view tt19v as
select 'foo'::text = any(array['abc','def','foo']::text[]) c1,
       'foo'::text = any((select array['abc','def','foo']::text[])::text[]) c2
-- ;
select pg_get_viewdef('tt19v', true)
-- ;
create view tt20v as
select * from
  coalesce(1,2) as c,
  collation for ('x'::text) col,
  current_date as d,
  localtimestamp(3) as t,
  cast(1+2 as int4) as i4,
  cast(1+2 as int8) as i8
-- ;
select pg_get_viewdef('tt20v', true)
-- ;
create view tt201v as
select
  ('2022-12-01'::date + '1 day'::interval) at time zone 'UTC' as atz,
  extract(day from now()) as extr,
  (now(), '1 day'::interval) overlaps
    (current_timestamp(2), '1 day'::interval) as o,
  'foo' is normalized isn,
  'foo' is nfkc normalized isnn,
  normalize('foo') as n,
  normalize('foo', nfkd) as nfkd,
  overlay('foo' placing 'bar' from 2) as ovl,
  overlay('foo' placing 'bar' from 2 for 3) as ovl2,
  position('foo' in 'foobar') as p,
  substring('foo' from 2 for 3) as s,
  substring('foo' similar 'f' escape '#') as ss,
  substring('foo' from 'oo') as ssf,  -- historically-permitted abuse
  trim(' ' from ' foo ') as bt,
  trim(leading ' ' from ' foo ') as lt,
  trim(trailing ' foo ') as rt,
  trim(E'\\000'::bytea from E'\\000Tom\\000'::bytea) as btb,
  trim(leading E'\\000'::bytea from E'\\000Tom\\000'::bytea) as ltb,
  trim(trailing E'\\000'::bytea from E'\\000Tom\\000'::bytea) as rtb
-- ;
select pg_get_viewdef('tt201v', true)
-- ;
create view tt21v as
select * from tt5 natural inner join tt6
-- ;
select pg_get_viewdef('tt21v', true)
-- ;
create view tt22v as
select * from tt5 natural left join tt6
-- ;
select pg_get_viewdef('tt22v', true)
-- ;
create view tt23v (col_a, col_b) as
select q1 as other_name1, q2 as other_name2 from int8_tbl
union
select 42, 43
-- ;
select pg_get_viewdef('tt23v', true)
-- ;
select pg_get_ruledef(oid, true) from pg_rewrite
  where ev_class = 'tt23v'::regclass and ev_type = '1'
-- ;
create view tt24v as
with cte as materialized (select r from (values(1,2),(3,4)) r)
select (r).column2 as col_a, (rr).column2 as col_b from
  cte join (select rr from (values(1,7),(3,8)) rr limit 2) ss
  on (r).column1 = (rr).column1
-- ;
select pg_get_viewdef('tt24v', true)
-- ;
create view tt25v as
with cte as materialized (select pg_get_keywords() k)
select (k).word from cte
-- ;
select pg_get_viewdef('tt25v', true)
-- ;
explain (verbose, costs off)
select * from tt24v
-- ;
explain (verbose, costs off)
select (r).column2 from (select r from (values(1,2),(3,4)) r limit 1) ss
-- ;
create view tt26v as
select x + y + z as c1,
       (x * y) + z as c2,
       x + (y * z) as c3,
       (x + y) * z as c4,
       x * (y + z) as c5,
       x + (y + z) as c6,
       x + (y # z) as c7,
       (x > y) AND (y > z OR x > z) as c8,
       (x > y) OR (y > z AND NOT (x > z)) as c9,
       (x,y) <> ALL (values(1,2),(3,4)) as c10,
       (x,y) <= ANY (values(1,2),(3,4)) as c11
from (values(1,2,3)) v(x,y,z)
-- ;
select pg_get_viewdef('tt26v', true)
-- ;
SELECT * FROM tt27
-- ;
create view tt27v as select a from tt27v_tbl
-- ;
select a from tt27v where a > 0
-- ;
insert into tt27v values (1)
-- ;
select viewname from pg_views where viewname = 'tt27v'
-- ;
SELECT * FROM street
-- ;
SELECT name, #thepath FROM iexit ORDER BY name COLLATE "C", 2
-- ;
SELECT * FROM toyemp WHERE name = 'sharon'
-- ;
INSERT INTO customer
       VALUES (101, 'regress_alice', '+81-12-3456-7890', 'passwd123'),
              (102, 'regress_bob',   '+01-234-567-8901', 'beafsteak'),
              (103, 'regress_eve',   '+49-8765-43210',   'hamburger')
-- ;
INSERT INTO credit_card
       VALUES (101, '1111-2222-3333-4444', 4000),
              (102, '5555-6666-7777-8888', 3000),
              (103, '9801-2345-6789-0123', 2000)
-- ;
INSERT INTO credit_usage
       VALUES (101, '2011-09-15', 120),
	      (101, '2011-10-05',  90),
	      (101, '2011-10-18', 110),
	      (101, '2011-10-21', 200),
	      (101, '2011-11-10',  80),
	      (102, '2011-09-22', 300),
	      (102, '2011-10-12', 120),
	      (102, '2011-10-28', 200),
	      (103, '2011-10-15', 480)
-- ;
CREATE VIEW my_property_normal AS
       SELECT * FROM customer WHERE name = current_user
-- ;
CREATE VIEW my_property_secure WITH (security_barrier) AS
       SELECT * FROM customer WHERE name = current_user
-- ;
CREATE VIEW my_credit_card_normal AS
       SELECT * FROM customer l NATURAL JOIN credit_card r
       WHERE l.name = current_user
-- ;
CREATE VIEW my_credit_card_secure WITH (security_barrier) AS
       SELECT * FROM customer l NATURAL JOIN credit_card r
       WHERE l.name = current_user
-- ;
CREATE VIEW my_credit_card_usage_normal AS
       SELECT * FROM my_credit_card_secure l NATURAL JOIN credit_usage r
-- ;
CREATE VIEW my_credit_card_usage_secure WITH (security_barrier) AS
       SELECT * FROM my_credit_card_secure l NATURAL JOIN credit_usage r
-- ;
SELECT * FROM my_property_normal WHERE f_leak(passwd)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_property_normal WHERE f_leak(passwd)
-- ;
SELECT * FROM my_property_secure WHERE f_leak(passwd)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_property_secure WHERE f_leak(passwd)
-- ;
SELECT * FROM my_property_normal v
		WHERE f_leak('passwd') AND f_leak(passwd)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_property_normal v
		WHERE f_leak('passwd') AND f_leak(passwd)
-- ;
SELECT * FROM my_property_secure v
		WHERE f_leak('passwd') AND f_leak(passwd)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_property_secure v
		WHERE f_leak('passwd') AND f_leak(passwd)
-- ;
SELECT * FROM my_credit_card_normal WHERE f_leak(cnum)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_credit_card_normal WHERE f_leak(cnum)
-- ;
SELECT * FROM my_credit_card_secure WHERE f_leak(cnum)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_credit_card_secure WHERE f_leak(cnum)
-- ;
SELECT * FROM my_credit_card_usage_normal
       WHERE f_leak(cnum) AND ymd >= '2011-10-01' AND ymd < '2011-11-01'
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_credit_card_usage_normal
       WHERE f_leak(cnum) AND ymd >= '2011-10-01' AND ymd < '2011-11-01'
-- ;
SELECT * FROM my_credit_card_usage_secure
       WHERE f_leak(cnum) AND ymd >= '2011-10-01' AND ymd < '2011-11-01'
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM my_credit_card_usage_secure
       WHERE f_leak(cnum) AND ymd >= '2011-10-01' AND ymd < '2011-11-01'
-- ;
PREPARE p1 AS SELECT * FROM my_property_normal WHERE f_leak(passwd)
-- ;
PREPARE p2 AS SELECT * FROM my_property_secure WHERE f_leak(passwd)
-- ;
EXECUTE p1
-- ;
EXECUTE p2
-- ;
SELECT * FROM temptest
-- ;
INSERT INTO temptest VALUES (1)
-- ;
CREATE TEMP TABLE temptest(col) ON COMMIT DELETE ROWS AS SELECT 1
-- ;
CREATE TEMP TABLE temptest(col) ON COMMIT DROP AS SELECT 1
-- ;
CREATE TABLE temptest(col) ON COMMIT DELETE ROWS AS SELECT 1
-- ;
INSERT INTO temptest1 VALUES (1)
-- ;
INSERT INTO temptest2 VALUES (1)
-- ;
SELECT * FROM temptest1
-- ;
SELECT * FROM temptest2
-- ;
insert into public.whereami values ('public')
-- ;
insert into whereami values ('temp')
-- ;
select * from whereami
-- ;
select whoami()
-- ;
select pg_temp.whoami()
-- ;
select nonempty('')
-- ;
select pg_temp.nonempty('')
-- ;
select ''::nonempty
-- ;
insert into temp_parted_oncommit values (1)
-- ;
select * from temp_parted_oncommit
-- ;
insert into temp_parted_oncommit_test values (1), (2)
-- ;
select relname from pg_class where relname ~ '^temp_parted_oncommit_test'
-- ;
select * from temp_parted_oncommit_test
-- ;
select relname from pg_class where relname ~ '^temp_parted_oncommit_test'
  order by relname
-- ;
insert into temp_inh_oncommit_test1 values (1)
-- ;
select relname from pg_class where relname ~ '^temp_inh_oncommit_test'
-- ;
insert into temp_inh_oncommit_test values (1)
-- ;
select * from temp_inh_oncommit_test
-- ;
create function pg_temp.twophase_func() returns void as
  $$ select '2pc_func'::text $$ language sql
-- ;
create view pg_temp.twophase_view as select 1
-- ;
select a from twophase_tab
-- ;
insert into twophase_tab values (1)
-- ;
lock twophase_tab in access exclusive mode
-- ;
SELECT current_schema() ~ 'pg_temp' AS is_temp_schema
-- ;
create function explain_filter(text) returns setof text
language plpgsql as
$$
declare
    ln text;
begin
    for ln in execute $1
    loop
        -- Replace any numeric word with just 'N'
        ln := regexp_replace(ln, '-?\m\d+\M', 'N', 'g');
        -- In sort output, the above won't match units-suffixed numbers
        ln := regexp_replace(ln, '\m\d+kB', 'NkB', 'g');
        -- Ignore text-mode buffers output because it varies depending
        -- on the system state
        CONTINUE WHEN (ln ~ ' +Buffers: .*');
        -- Ignore text-mode "Planning:" line because whether it's output
        -- varies depending on the system state
        CONTINUE WHEN (ln = 'Planning:');
        return next ln;
    end loop;
end;
$$
-- ;
create function explain_filter_to_json(text) returns jsonb
language plpgsql as
$$
declare
    data text := '';
    ln text;
begin
    for ln in execute $1
    loop
        -- Replace any numeric word with just '0'
        ln := regexp_replace(ln, '\m\d+\M', '0', 'g');
        data := data || ln;
    end loop;
    return data::jsonb;
end;
$$
-- ;
select explain_filter('explain select * from int8_tbl i8')
-- ;
select explain_filter('explain (analyze) select * from int8_tbl i8')
-- ;
select explain_filter('explain (analyze, verbose) select * from int8_tbl i8')
-- ;
select explain_filter('explain (analyze, buffers, format text) select * from int8_tbl i8')
-- ;
select explain_filter('explain (analyze, buffers, format xml) select * from int8_tbl i8')
-- ;
select explain_filter('explain (analyze, buffers, format yaml) select * from int8_tbl i8')
-- ;
select explain_filter('explain (buffers, format text) select * from int8_tbl i8')
-- ;
select explain_filter('explain (buffers, format json) select * from int8_tbl i8')
-- ;
select explain_filter('explain (analyze, buffers, format json) select * from int8_tbl i8')
-- ;
select true as "OK"
  from explain_filter('explain (settings) select * from int8_tbl i8') ln
  where ln ~ '^ *Settings: .*plan_cache_mode = ''force_generic_plan'''
-- ;
select explain_filter_to_json('explain (settings, format json) select * from int8_tbl i8') #> '{0,Settings,plan_cache_mode}'
-- ;
select jsonb_pretty(
  explain_filter_to_json('explain (analyze, verbose, buffers, format json)
                         select * from tenk1 order by tenthous')
  -- remove "Workers" node of the Seq Scan plan node
  #- '{0,Plan,Plans,0,Plans,0,Workers}'
  -- remove "Workers" node of the Sort plan node
  #- '{0,Plan,Plans,0,Workers}'
  -- Also remove its sort-type fields, as those aren't 100% stable
  #- '{0,Plan,Plans,0,Sort Method}'
  #- '{0,Plan,Plans,0,Sort Space Type}'
)
-- ;
select explain_filter('explain (verbose) select * from t1 where pg_temp.mysin(f1) < 0.5')
-- ;
select explain_filter('explain (verbose) select * from int8_tbl i8')
-- ;
SELECT
  '(0,0)'::tid as tid00,
  '(0,1)'::tid as tid01,
  '(-1,0)'::tid as tidm10,
  '(4294967295,65535)'::tid as tidmax
-- ;
SELECT '(4294967296,1)'::tid
-- ;
SELECT '(1,65536)'::tid
-- ;
INSERT INTO tid_tab VALUES (1), (2)
-- ;
SELECT min(ctid) FROM tid_tab
-- ;
SELECT max(ctid) FROM tid_tab
-- ;
TRUNCATE tid_tab
-- ;
CREATE MATERIALIZED VIEW tid_matview AS SELECT a FROM tid_tab
-- ;
SELECT currtid2('tid_matview'::text, '(0,1)'::tid)
-- ;
REFRESH MATERIALIZED VIEW tid_matview
-- ;
SELECT currtid2('tid_seq'::text, '(0,1)'::tid)
-- ;
SELECT currtid2('tid_ind'::text, '(0,1)'::tid)
-- ;
SELECT currtid2('tid_part'::text, '(0,1)'::tid)
-- ;
CREATE VIEW tid_view_no_ctid AS SELECT a FROM tid_tab
-- ;
SELECT currtid2('tid_view_no_ctid'::text, '(0,1)'::tid)
-- ;
CREATE VIEW tid_view_with_ctid AS SELECT ctid, a FROM tid_tab
-- ;
SELECT currtid2('tid_view_with_ctid'::text, '(0,1)'::tid)
-- ;
CREATE VIEW tid_view_fake_ctid AS SELECT 1 AS ctid, 2 AS a
-- ;
SELECT currtid2('tid_view_fake_ctid'::text, '(0,1)'::tid)
-- ;
INSERT INTO xacttest (a, b) VALUES (777, 777.777)
-- ;
SELECT * FROM xacttest
-- ;
SELECT oid FROM pg_class WHERE relname = 'disappear'
-- ;
INSERT INTO writetest VALUES (1)
-- ;
SELECT * FROM writetest
-- ;
PREPARE test AS UPDATE writetest SET a = 0
-- ;
SELECT * FROM writetest, temptest
-- ;
CREATE TABLE test AS SELECT * FROM writetest
-- ;
SELECT * FROM trans_foo
-- ;
SELECT * FROM trans_bar
-- ;
SELECT * FROM trans_baz
-- ;
INSERT into trans_bar VALUES (1)
-- ;
SELECT trans_foo
-- ;
INSERT INTO savepoints VALUES (2)
-- ;
SELECT a.xmin = b.xmin FROM savepoints a, savepoints b WHERE a.a=6 AND b.a=8
-- ;
SELECT a FROM savepoints WHERE a BETWEEN 18 AND 22
-- ;
SELECT 1
-- ;
INSERT INTO koju VALUES (1)
-- ;
insert into revalidate_bug values (inverse(0))
-- ;
declare foo cursor for select * from trans_abc
-- ;
INSERT INTO trans_abc VALUES (1)
-- ;
insert into i_table values(3)
-- ;
SELECT * FROM trans_abc ORDER BY 1
-- ;
select 1/0
-- ;
create function int8alias1eq(int8, int8alias1) returns bool
  strict immutable language internal as 'int8eq'
-- ;
explain (costs off)
  select * from ec0 where ff = f1 and f1 = '42'::int8
-- ;
explain (costs off)
  select * from ec0 where ff = f1 and f1 = '42'::int8alias1
-- ;
explain (costs off)
  select * from ec1 where ff = f1 and f1 = '42'::int8alias1
-- ;
explain (costs off)
  select * from ec1 where ff = f1 and f1 = '42'::int8alias2
-- ;
explain (costs off)
  select * from ec1, ec2 where ff = x1 and ff = '42'::int8
-- ;
explain (costs off)
  select * from ec1, ec2 where ff = x1 and ff = '42'::int8alias1
-- ;
explain (costs off)
  select * from ec1, ec2 where ff = x1 and '42'::int8 = x1
-- ;
explain (costs off)
  select * from ec1, ec2 where ff = x1 and x1 = '42'::int8alias1
-- ;
explain (costs off)
  select * from ec1, ec2 where ff = x1 and x1 = '42'::int8alias2
-- ;
explain (costs off)
  select * from ec1,
    (select ff + 1 as x from
       (select ff + 2 as ff from ec1
        union all
        select ff + 3 as ff from ec1) ss0
     union all
     select ff + 4 as x from ec1) as ss1
  where ss1.x = ec1.f1 and ec1.ff = 42::int8
-- ;
explain (costs off)
  select * from ec1,
    (select ff + 1 as x from
       (select ff + 2 as ff from ec1
        union all
        select ff + 3 as ff from ec1) ss0
     union all
     select ff + 4 as x from ec1) as ss1
  where ss1.x = ec1.f1 and ec1.ff = 42::int8 and ec1.ff = ec1.f1
-- ;
explain (costs off)
  select * from ec1,
    (select ff + 1 as x from
       (select ff + 2 as ff from ec1
        union all
        select ff + 3 as ff from ec1) ss0
     union all
     select ff + 4 as x from ec1) as ss1,
    (select ff + 1 as x from
       (select ff + 2 as ff from ec1
        union all
        select ff + 3 as ff from ec1) ss0
     union all
     select ff + 4 as x from ec1) as ss2
  where ss1.x = ec1.f1 and ss1.x = ss2.x and ec1.ff = 42::int8
-- ;
explain (costs off)
  select * from ec0 a, ec1 b
  where a.ff = b.ff and a.ff = 43::bigint::int8alias1
-- ;
explain (costs off)
  select * from tenk1 where unique1 = unique1 and unique2 = unique2
-- ;
explain (costs off)
  select * from tenk1 where unique1 = unique1 or unique2 = unique2
-- ;
create temp view overview as
  select f1::information_schema.sql_identifier as sqli, f2 from undername
-- ;
explain (costs off)  -- this should not require a sort
  select * from overview where sqli = 'foo' order by sqli
-- ;
SELECT id, keywords, title, body, created
FROM articles
GROUP BY id
-- ;
SELECT id, keywords, title, body, created
FROM articles
GROUP BY title
-- ;
SELECT id, keywords, title, body, created
FROM articles
GROUP BY body
-- ;
SELECT id, keywords, title, body, created
FROM articles
GROUP BY keywords
-- ;
SELECT a.id, a.keywords, a.title, a.body, a.created
FROM articles AS a, articles_in_category AS aic
WHERE a.id = aic.article_id AND aic.category_id in (14,62,70,53,138)
GROUP BY a.id
-- ;
SELECT a.id, a.keywords, a.title, a.body, a.created
FROM articles AS a, articles_in_category AS aic
WHERE a.id = aic.article_id AND aic.category_id in (14,62,70,53,138)
GROUP BY aic.article_id, aic.category_id
-- ;
SELECT a.id, a.keywords, a.title, a.body, a.created
FROM articles AS a JOIN articles_in_category AS aic ON a.id = aic.article_id
WHERE aic.category_id in (14,62,70,53,138)
GROUP BY a.id
-- ;
SELECT a.id, a.keywords, a.title, a.body, a.created
FROM articles AS a JOIN articles_in_category AS aic ON a.id = aic.article_id
WHERE aic.category_id in (14,62,70,53,138)
GROUP BY aic.article_id, aic.category_id
-- ;
SELECT aic.changed
FROM articles AS a JOIN articles_in_category AS aic ON a.id = aic.article_id
WHERE aic.category_id in (14,62,70,53,138)
GROUP BY aic.category_id, aic.article_id
-- ;
SELECT aic.changed
FROM articles AS a JOIN articles_in_category AS aic ON a.id = aic.article_id
WHERE aic.category_id in (14,62,70,53,138)
GROUP BY aic.article_id
-- ;
SELECT product_id, p.name, (sum(s.units) * p.price) AS sales
    FROM products p LEFT JOIN sales s USING (product_id)
    GROUP BY product_id, p.name, p.price
-- ;
SELECT product_id, p.name, (sum(s.units) * p.price) AS sales
    FROM products p LEFT JOIN sales s USING (product_id)
    GROUP BY product_id
-- ;
SELECT u.uid, u.name FROM node n
INNER JOIN users u ON u.uid = n.uid
WHERE n.type = 'blog' AND n.status = 1
GROUP BY u.uid, u.name
-- ;
SELECT u.uid, u.name FROM node n
INNER JOIN users u ON u.uid = n.uid
WHERE n.type = 'blog' AND n.status = 1
GROUP BY u.uid
-- ;
CREATE TEMP VIEW fdv1 AS
SELECT id, keywords, title, body, created
FROM articles
GROUP BY body
-- ;
CREATE TEMP VIEW fdv1 AS
SELECT id, keywords, title, body, created
FROM articles
GROUP BY id
-- ;
CREATE TEMP VIEW fdv2 AS
SELECT a.id, a.keywords, a.title, aic.category_id, aic.changed
FROM articles AS a JOIN articles_in_category AS aic ON a.id = aic.article_id
WHERE aic.category_id in (14,62,70,53,138)
GROUP BY a.id, aic.category_id, aic.article_id
-- ;
CREATE TEMP VIEW fdv3 AS
SELECT id, keywords, title, body, created
FROM articles
GROUP BY id
UNION
SELECT id, keywords, title, body, created
FROM articles
GROUP BY id
-- ;
CREATE TEMP VIEW fdv4 AS
SELECT * FROM articles WHERE title IN (SELECT title FROM articles GROUP BY id)
-- ;
PREPARE foo AS
  SELECT id, keywords, title, body, created
  FROM articles
  GROUP BY id
-- ;
EXECUTE foo
-- ;
SELECT cast('123456' as domainvarchar)
-- ;
INSERT INTO basictest values ('88', 'haha', 'short', '123.12')
-- ;
COPY basictest (testvarchar) FROM stdin
-- ;
select pg_typeof(coalesce(4::domainint4, 7))
-- ;
INSERT INTO domarrtest values ('{2,2}', '{{"a","b"},{"c","d"}}')
-- ;
INSERT INTO domarrtest values (NULL, '{{"toolong","b","c"},{"d","e","f"}}')
-- ;
INSERT INTO domarrtest (testint4arr[1], testint4arr[3]) values (11,22)
-- ;
select * from domarrtest
-- ;
select testint4arr[1], testchar4arr[2:2] from domarrtest
-- ;
COPY domarrtest FROM stdin
-- ;
select * from domarrtest where testchar4arr is null
-- ;
select '{1,2,3}'::dia
-- ;
select array_dims('{1,2,3}'::dia)
-- ;
select pg_typeof('{1,2,3}'::dia || 42)
-- ;
insert into dcomptable values (row(3,4)::comptype)
-- ;
select * from dcomptable
-- ;
update dcomptable set d1.r = (d1).r + 1 where (d1).i > 0
-- ;
select row(2,1)::dcomptype
-- ;
insert into dcomptable values (row(1,2)::comptype)
-- ;
insert into dcomptable (d1.r, d1.i) values(99, 100)
-- ;
update dcomptable set d1.r = (d1).r - 1, d1.i = (d1).i + 1 where (d1).i > 0
-- ;
select makedcomp(1,2)
-- ;
select row(0,1)::dcomptype
-- ;
insert into dcomptable values (array[row(1,2)]::dcomptypea)
-- ;
insert into dcomptable values (array[row(3,4), row(5,6)]::comptype[])
-- ;
insert into dcomptable (d1[1]) values(row(9,10))
-- ;
insert into dcomptable (d1[1].r) values(11)
-- ;
select d1[2], d1[1].r, d1[1].i from dcomptable
-- ;
select array[row(2,1)]::dcomptypea
-- ;
insert into dcomptable values (array[row(1,2)]::comptype[])
-- ;
insert into dcomptable (d1[1].r, d1[1].i) values(99, 100)
-- ;
update dcomptable set d1[1].r = d1[1].r + 1 where d1[1].i > 0
-- ;
update pitable set f1[1] = f1[1] + 1
-- ;
insert into vc4table values(array['too long'])
-- ;
insert into vc4table values(array['too long']::vc4[])
-- ;
insert into dposintatable values(array[array[42]::dposinta])
-- ;
select f1, f1[1], (f1[1])[1] from dposintatable
-- ;
select pg_typeof(f1[1]) from dposintatable
-- ;
select pg_typeof((f1[1])[1]) from dposintatable
-- ;
update dposintatable set f1[2] = array[99]
-- ;
insert into dcomptable values (null)
-- ;
update dcomptable set f1[1].cf2 = 5
-- ;
insert into nulltest values ('a', 'b', 'c', 'd', 'a')
-- ;
INSERT INTO nulltest values ('a', NULL, 'c', 'd', 'c')
-- ;
COPY nulltest FROM stdin
-- ;
select * from nulltest
-- ;
SELECT cast('1' as dnotnull)
-- ;
SELECT cast(cast(NULL as dnull) as dnotnull)
-- ;
insert into defaulttest(col4) values(0)
-- ;
insert into defaulttest default values
-- ;
select * from defaulttest
-- ;
update domnotnull set col2 = 6
-- ;
insert into domdeftest default values
-- ;
insert into domcontest values (1)
-- ;
UPDATE thethings SET stuff = 10
-- ;
insert into domtab (col1) values (null)
-- ;
insert into domtab (col1) values (5)
-- ;
select * from domview
-- ;
select 'y1234'::dtop
-- ;
select 'yz23'::dtop
-- ;
select 'xz23'::dtop
-- ;
insert into dtest values('x123')
-- ;
insert into domain_test values (1, 2)
-- ;
execute s1(10)
-- ;
select doubledecrement(3)
-- ;
select doubledecrement(null)
-- ;
select doubledecrement(0)
-- ;
select doubledecrement(1)
-- ;
insert into ddtest2 values(row(-1))
-- ;
insert into ddtest2 values(11)
-- ;
create or replace function array_elem_check(numeric) returns numeric as $$
declare
  x mynums;
begin
  x[1] := $1;
  return x[1];
end$$ language plpgsql
-- ;
select array[2,1]::orderedpair
-- ;
insert into op values (array[1,2])
-- ;
insert into op values (array[2,1])
-- ;
create or replace function array_elem_check(int) returns int as $$
declare
  x orderedpair := '{1,2}';
begin
  x[2] := $1;
  return x[2];
end$$ language plpgsql
-- ;
select array_elem_check(3)
-- ;
select array_elem_check(-1)
-- ;
select dom_check(0)
-- ;
insert into dom_table values (1)
-- ;
insert into dom_table values (null)
-- ;
select polyf(42) as int, polyf(4.5) as num
-- ;
select polyf(array[2,4]) as int, polyf(array[4.5, 7.7]) as num
-- ;
select polyf(stavalues1) from pg_statistic
-- ;
create function polyf(x anyarray) returns anyarray as $$
  select x
$$ language sql
-- ;
select polyf(int4range(42, 49), 11, 2::smallint) as int, polyf(float8range(4.5, 7.8), 7.8, 11::real) as num
-- ;
select polyf(int4range(42, 49), 11, 4.5) as fail
-- ;
create function polyf(x anycompatible) returns anycompatiblerange as $$
  select array[x + 1, x + 2]
$$ language sql
-- ;
select x, pg_typeof(x), y, pg_typeof(y)
  from polyf(11, array[1, 2], 42, 34.5)
-- ;
select x, pg_typeof(x), y, pg_typeof(y)
  from polyf(11, array[1, 2], point(1,2), point(3,4))
-- ;
select x, pg_typeof(x), y, pg_typeof(y)
  from polyf(11, array[1, 2.2], 42, 34.5)
-- ;
select polyf(null)
-- ;
create function polyf(anymultirange) returns anyelement
as 'select lower($1);' language sql
-- ;
select polyf(int4multirange(int4range(1,10), int4range(20,30)))
-- ;
create function polyf(anycompatiblerange) returns anycompatiblemultirange
as 'select multirange($1);' language sql
-- ;
create function polyf(anymultirange) returns anyrange
as 'select range_merge($1);' language sql
-- ;
insert into t values(1,array[1],'a')
-- ;
insert into t values(2,array[2],'a')
-- ;
insert into t values(2,array[22],'b')
-- ;
insert into t values(3,array[3],'a')
-- ;
select f3, myaggp03b(*) from t group by f3 order by f3
-- ;
select f3, myaggp06a(f1) from t group by f3 order by f3
-- ;
select f3, myaggp08a(f1) from t group by f3 order by f3
-- ;
select f3, myaggp20a(f1) from t group by f3 order by f3
-- ;
select f3, myaggp20b(f1) from t group by f3 order by f3
-- ;
select f3, myaggn03a(*) from t group by f3 order by f3
-- ;
select f3, myaggn06a(f1) from t group by f3 order by f3
-- ;
select f3, myaggn06b(f1) from t group by f3 order by f3
-- ;
select mysum2(f1, f1 + 1) from t
-- ;
select f1, sql_if(f1 > 0, bleat(f1), bleat(f1 + 1)) from int4_tbl
-- ;
select build_group(q1,3) from int8_tbl
-- ;
select first_el_agg_f8(x::float8) from generate_series(1,10) x
-- ;
select first_el_agg_f8(x::float8) over(order by x) from generate_series(1,10) x
-- ;
select max(histogram_bounds) from pg_stats where tablename = 'pg_am'
-- ;
select array_in('{1,2,3}','int4'::regtype,-1)
-- ;
select * from array_in('{1,2,3}','int4'::regtype,-1)
-- ;
select anyrange_in('[10,20)','int4range'::regtype,-1)
-- ;
select myleast('z'::text)
-- ;
select myleast()
-- ;
select myleast(variadic array[1,2,3,4,-1])
-- ;
select concat('%', 1, 2, 3, 4, 5)
-- ;
select concat('|', variadic array[]::int[])
-- ;
select formarray(1,2,3,4,5)
-- ;
select formarray(1.1, array[1.2,55.5])
-- ;
select pg_typeof(1+1 = 2)
-- ;
select pg_typeof('x')
-- ;
select pg_typeof(array[1.2,55.5])
-- ;
select dfunc(10)
-- ;
select dfunc(10, 20)
-- ;
select dfunc(10, 20, 30)
-- ;
select dfunc('Hi')
-- ;
select dfunc('Hi', 'City')
-- ;
create function dfunc(int = 1, int = 2, int = 3, int = 4) returns int as $$
  select 4;
$$ language sql
-- ;
select dfunc()
-- ;
select dfunc(1, 2, 3)
-- ;
create function dfunc(a variadic int[]) returns int as
$$ select array_upper($1, 1) $$ language sql
-- ;
create function dfunc(text) returns text as $$
  select $1;
$$ language sql
-- ;
select (dfunc(a := 10, b := 20, c := 30)).*
-- ;
select * from dfunc(b := 10, a := 20)
-- ;
select * from dfunc(1,2)
-- ;
select * from dfunc(1,2,d := 3)
-- ;
select * from dfunc(x := 20, b := 10, x := 30)
-- ;
select * from dfunc(10, b := 20, 30)
-- ;
select * from dfunc(10, 10, a := 20)
-- ;
select (dfunc('Hello World', 20, '2009-07-25'::date)).*
-- ;
select * from dfunc('Hello World', c := 20, b := '2009-07-25'::date)
-- ;
select * from dfunc(a := 'Hello', c := 100)
-- ;
select * from dfunc(c := 100)
-- ;
create or replace function dfunc(a varchar = 'def a', out _a varchar, numeric = NULL, out _c numeric)
returns record as $$
  select $1, $2;
$$ language sql
-- ;
create function testpolym(a int, out a int) returns int as $$ select $1;$$ language sql
-- ;
select testpolym(37)
-- ;
select dfunc('a'::text, 'b')
-- ;
select dfunc(a := 1, b := 2)
-- ;
select dfunc(a := 'a'::text, b := 'b')
-- ;
select dfunc(b := 'b'::text, a := 'a', flag := true)
-- ;
select dfunc('a'::text, 'b', flag := true)
-- ;
select dfunc(b => 'b'::text, a => 'a')
-- ;
select dfunc(a =>-1)
-- ;
select dfunc(a =>--comment to be removed by psql
  1)
-- ;
select x, pg_typeof(x) from anyctest(11, 12.3) x
-- ;
select x, pg_typeof(x) from anyctest(11, array[1,2]) x
-- ;
select x, pg_typeof(x) from anyctest(11, array[12]) x
-- ;
select x, pg_typeof(x) from anyctest(12.3, '{13,14.4}') x
-- ;
select x, pg_typeof(x) from anyctest(11, array[point(1,2)]) x
-- ;
select x, pg_typeof(x) from anyctest(11, 12) x
-- ;
select x, pg_typeof(x) from anyctest(11, int4range(4,7)) x
-- ;
select x, pg_typeof(x) from anyctest(11, multirange(int4range(4,7))) x
-- ;
select x, pg_typeof(x) from anyctest(multirange(int4range(11,12)), multirange(numrange(4,7))) x
-- ;
select x, pg_typeof(x) from anyctest(11, array[1, 2], 42, 34.5) x
-- ;
explain (costs off)
select * from (select * from tenk1 order by four) t order by four, ten
-- ;
explain (costs off)
select * from (select * from tenk1 order by four) t order by four, ten
limit 1
-- ;
create or replace function explain_analyze_inc_sort_nodes_without_memory(query text)
returns jsonb language plpgsql
as
$$
declare
  nodes jsonb := '[]'::jsonb;
  node jsonb;
  group_key text;
  space_key text;
begin
  for node in select * from jsonb_array_elements(explain_analyze_inc_sort_nodes(query)) t loop
    for group_key in select unnest(array['Full-sort Groups', 'Pre-sorted Groups']::text[]) t loop
      for space_key in select unnest(array['Sort Space Memory', 'Sort Space Disk']::text[]) t loop
        node := jsonb_set(node, array[group_key, space_key, 'Average Sort Space Used'], '"NN"', false);
        node := jsonb_set(node, array[group_key, space_key, 'Peak Sort Space Used'], '"NN"', false);
      end loop;
    end loop;
    nodes := nodes || node;
  end loop;
  return nodes;
end;
$$
-- ;
insert into t(a, b) select i/100 + 1, i + 1 from generate_series(0, 999) n(i)
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 31
-- ;
select * from (select * from t order by a) s order by a, b limit 31
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 32
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 33
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 65
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 66
-- ;
delete from t
-- ;
insert into t(a, b) select i/50 + 1, i + 1 from generate_series(0, 999) n(i)
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 55
-- ;
select explain_analyze_without_memory('select * from (select * from t order by a) s order by a, b limit 55')
-- ;
select jsonb_pretty(explain_analyze_inc_sort_nodes_without_memory('select * from (select * from t order by a) s order by a, b limit 55'))
-- ;
select explain_analyze_inc_sort_nodes_verify_invariants('select * from (select * from t order by a) s order by a, b limit 55')
-- ;
insert into t(a, b) select (case when i < 5 then i else 9 end), i from generate_series(1, 1000) n(i)
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 70
-- ;
explain (costs off) select * from (select * from t order by a) s order by a, b limit 5
-- ;
explain (costs off) select * from t left join (select * from (select * from t order by a) v order by a, b) s on s.a = t.a where t.a in (1, 2)
-- ;
select * from t left join (select * from (select * from t order by a) v order by a, b) s on s.a = t.a where t.a in (1, 2)
-- ;
select explain_analyze_without_memory('select * from (select * from t order by a) s order by a, b limit 70')
-- ;
select jsonb_pretty(explain_analyze_inc_sort_nodes_without_memory('select * from (select * from t order by a) s order by a, b limit 70'))
-- ;
select explain_analyze_inc_sort_nodes_verify_invariants('select * from (select * from t order by a) s order by a, b limit 70')
-- ;
insert into t(a, b) select i / 10, i from generate_series(1, 1000) n(i)
-- ;
insert into t(a, b) select i, i from generate_series(1, 1000) n(i)
-- ;
insert into t select mod(i,10),mod(i,10),i from generate_series(1,10000) s(i)
-- ;
explain (costs off) select a,b,sum(c) from t group by 1,2 order by 1,2,3 limit 1
-- ;
explain (costs off) select * from t union select * from t order by 1,3
-- ;
explain (costs off) select distinct a,b from t
-- ;
explain (costs off) select distinct sub.unique1, stringu1
from tenk1, lateral (select tenk1.unique1 from generate_series(1, 1000)) as sub
-- ;
explain (costs off) select sub.unique1, stringu1
from tenk1, lateral (select tenk1.unique1 from generate_series(1, 1000)) as sub
order by 1, 2
-- ;
explain (costs off) select distinct sub.unique1, md5(stringu1)
from tenk1, lateral (select tenk1.unique1 from generate_series(1, 1000)) as sub
-- ;
explain (costs off) select sub.unique1, md5(stringu1)
from tenk1, lateral (select tenk1.unique1 from generate_series(1, 1000)) as sub
order by 1, 2
-- ;
explain (costs off) select count(*)
from tenk1 t1
join tenk1 t2 on t1.unique1 = t2.unique2
join tenk1 t3 on t2.unique1 = t3.unique1
order by count(*)
-- ;
explain (costs off) select distinct
  unique1,
  (select t.unique1 from tenk1 where tenk1.unique1 = t.unique1)
from tenk1 t, generate_series(1, 1000)
-- ;
explain (costs off) select
  unique1,
  (select t.unique1 from tenk1 where tenk1.unique1 = t.unique1)
from tenk1 t, generate_series(1, 1000)
order by 1, 2
-- ;
explain (costs off) select distinct sub.unique1, stringu1 || random()::text
from tenk1, lateral (select tenk1.unique1 from generate_series(1, 1000)) as sub
-- ;
explain (costs off) select sub.unique1, stringu1 || random()::text
from tenk1, lateral (select tenk1.unique1 from generate_series(1, 1000)) as sub
order by 1, 2
-- ;
INSERT INTO pagg_tab SELECT i % 20, i % 30, to_char(i % 12, 'FM0000'), i % 30 FROM generate_series(0, 2999) i
-- ;
EXPLAIN (COSTS OFF)
SELECT c, sum(a), avg(b), count(*), min(a), max(b) FROM pagg_tab GROUP BY c HAVING avg(d) < 15 ORDER BY 1, 2, 3
-- ;
SELECT a, sum(b), avg(b), count(*), min(a), max(b) FROM pagg_tab GROUP BY a HAVING avg(d) < 15 ORDER BY 1, 2, 3
-- ;
EXPLAIN (COSTS OFF)
SELECT a, c, count(*) FROM pagg_tab GROUP BY c, a
-- ;
EXPLAIN (COSTS OFF)
SELECT c, sum(a) FROM pagg_tab WHERE 1 = 2 GROUP BY c
-- ;
SELECT c, sum(a) FROM pagg_tab WHERE c = 'x' GROUP BY c
-- ;
SELECT c, sum(a), avg(b), count(*) FROM pagg_tab GROUP BY 1 HAVING avg(d) < 15 ORDER BY 1, 2, 3
-- ;
SELECT a, sum(b), avg(b), count(*) FROM pagg_tab GROUP BY 1 HAVING avg(d) < 15 ORDER BY 1, 2, 3
-- ;
EXPLAIN (COSTS OFF)
SELECT a, sum(b order by a) FROM pagg_tab GROUP BY a ORDER BY 1, 2
-- ;
INSERT INTO pagg_tab1 SELECT i % 30, i % 20 FROM generate_series(0, 299, 2) i
-- ;
EXPLAIN (COSTS OFF)
SELECT t1.x, sum(t1.y), count(*) FROM pagg_tab1 t1, pagg_tab2 t2 WHERE t1.x = t2.y GROUP BY t1.x ORDER BY 1, 2, 3
-- ;
EXPLAIN (COSTS OFF)
SELECT t1.x, sum(t1.y), count(t1) FROM pagg_tab1 t1, pagg_tab2 t2 WHERE t1.x = t2.y GROUP BY t1.x ORDER BY 1, 2, 3
-- ;
EXPLAIN (COSTS OFF)
SELECT t2.y, sum(t1.y), count(*) FROM pagg_tab1 t1, pagg_tab2 t2 WHERE t1.x = t2.y GROUP BY t2.y ORDER BY 1, 2, 3
-- ;
SELECT b.y, sum(a.y) FROM pagg_tab1 a LEFT JOIN pagg_tab2 b ON a.x = b.y GROUP BY b.y ORDER BY 1 NULLS LAST
-- ;
SELECT b.y, sum(a.y) FROM pagg_tab1 a RIGHT JOIN pagg_tab2 b ON a.x = b.y GROUP BY b.y ORDER BY 1 NULLS LAST
-- ;
EXPLAIN (COSTS OFF)
SELECT a.x, b.y, count(*) FROM (SELECT * FROM pagg_tab1 WHERE x < 20) a LEFT JOIN (SELECT * FROM pagg_tab2 WHERE y > 10) b ON a.x = b.y WHERE a.x > 5 or b.y < 20  GROUP BY a.x, b.y ORDER BY 1, 2
-- ;
SELECT a.x, b.y, count(*) FROM (SELECT * FROM pagg_tab1 WHERE x < 20) a LEFT JOIN (SELECT * FROM pagg_tab2 WHERE y > 10) b ON a.x = b.y WHERE a.x > 5 or b.y < 20  GROUP BY a.x, b.y ORDER BY 1, 2
-- ;
SELECT a, sum(b), avg(c), count(*) FROM pagg_tab_m GROUP BY a HAVING avg(c) < 22 ORDER BY 1, 2, 3
-- ;
EXPLAIN (COSTS OFF)
SELECT a, sum(b), avg(c), count(*) FROM pagg_tab_m GROUP BY a, (a+b)/2 HAVING sum(b) < 50 ORDER BY 1, 2, 3
-- ;
SELECT a, sum(b), avg(c), count(*) FROM pagg_tab_m GROUP BY a, (a+b)/2 HAVING sum(b) < 50 ORDER BY 1, 2, 3
-- ;
INSERT INTO pagg_tab_ml SELECT i % 30, i % 10, to_char(i % 4, 'FM0000') FROM generate_series(0, 29999) i
-- ;
EXPLAIN (COSTS OFF)
SELECT a, sum(b), array_agg(distinct c), count(*) FROM pagg_tab_ml GROUP BY a HAVING avg(b) < 3 ORDER BY 1, 2, 3
-- ;
EXPLAIN (COSTS OFF)
SELECT a, sum(b), array_agg(distinct c), count(*) FROM pagg_tab_ml GROUP BY a HAVING avg(b) < 3
-- ;
EXPLAIN (COSTS OFF)
SELECT a, sum(b), count(*) FROM pagg_tab_ml GROUP BY a HAVING avg(b) < 3 ORDER BY 1, 2, 3
-- ;
EXPLAIN (COSTS OFF)
SELECT x, sum(y), avg(y), count(*) FROM pagg_tab_para GROUP BY x HAVING avg(y) < 7 ORDER BY 1, 2, 3
-- ;
SELECT x, sum(y), avg(y), count(*) FROM pagg_tab_para GROUP BY x HAVING avg(y) < 7 ORDER BY 1, 2, 3
-- ;
create rule rtest_v1_upd as on update to rtest_v1 do instead
	update rtest_t1 set a = new.a, b = new.b
	where a = old.a
-- ;
create rule rtest_t4_ins1 as on insert to rtest_t4
		where new.a >= 10 and new.a < 20 do instead
	insert into rtest_t5 values (new.a, new.b)
-- ;
insert into rtest_t3 values (2, 32)
-- ;
insert into rtest_v1 values (1, 11)
-- ;
delete from rtest_v1 where a = 1
-- ;
delete from rtest_v1 where b = 12
-- ;
insert into rtest_v1 select * from rtest_t2
-- ;
update rtest_v1 set b = 42 where a = 2
-- ;
update rtest_v1 set a = rtest_t3.a + 20 from rtest_t3 where rtest_v1.b = rtest_t3.b
-- ;
insert into rtest_system values ('orion', 'Linux Jan Wieck')
-- ;
insert into rtest_interface values ('orion', 'eth0')
-- ;
insert into rtest_person values ('jw', 'Jan Wieck')
-- ;
insert into rtest_admin values ('jw', 'orion')
-- ;
select * from rtest_admin
-- ;
update rtest_person set pname = 'jwieck' where pdesc = 'Jan Wieck'
-- ;
select * from rtest_admin order by pname, sysname
-- ;
insert into rtest_empmass values ('maier', '5000.00')
-- ;
update rtest_empmass set salary = salary + '1000.00'
-- ;
insert into rtest_t4 values (15, 'Record should go to rtest_t5')
-- ;
select * from rtest_t6
-- ;
select * from rtest_t7
-- ;
delete from rtest_t5
-- ;
delete from rtest_t6
-- ;
insert into rtest_t9 values (19, 'Record should go to rtest_t5 and t7')
-- ;
insert into rtest_t4 select * from rtest_t9 where a < 20
-- ;
insert into rtest_nothn1 values (1, 'want this')
-- ;
select * from rtest_nothn3
-- ;
delete from rtest_nothn3
-- ;
insert into rtest_nothn4 values (2, 'want this')
-- ;
insert into rtest_nothn1 select * from rtest_nothn4
-- ;
delete from rtest_nothn4
-- ;
insert into rtest_nothn2 select * from rtest_nothn4
-- ;
create view rtest_vview2 as select a, b from rtest_view1 where v
-- ;
create view rtest_vview3 as select a, b from rtest_vview2 X
	where 0 < (select count(*) from rtest_view2 Y where Y.a = X.a)
-- ;
create function rtest_viewfunc1(int4) returns int4 as
	'select count(*)::int4 from rtest_view2 where a = $1'
	language sql
-- ;
create view rtest_vview5 as select a, b, rtest_viewfunc1(a) as refcount
	from rtest_view1
-- ;
insert into rtest_view1 values (1, 'item 1', 't')
-- ;
insert into rtest_view2 values (2)
-- ;
select * from rtest_vview3
-- ;
insert into rtest_view3 select * from rtest_vview1 where a < 7
-- ;
insert into rtest_view3 select * from rtest_vview2 where a != 5 and b !~ '2'
-- ;
insert into rtest_view3 select * from rtest_vview3
-- ;
insert into rtest_view4 select * from rtest_vview4 where 3 > refcount
-- ;
delete from rtest_view4
-- ;
select * from rtest_view4
-- ;
insert into rtest_unitfact values ('m', 100.0)
-- ;
insert into rtest_comp values ('p2', 'm', 3.0)
-- ;
select * from rtest_vcomp order by part
-- ;
CREATE VIEW shoe AS
	SELECT sh.shoename,
		   sh.sh_avail,
		   sh.slcolor,
		   sh.slminlen,
		   sh.slminlen * un.un_fact AS slminlen_cm,
		   sh.slmaxlen,
		   sh.slmaxlen * un.un_fact AS slmaxlen_cm,
		   sh.slunit
	  FROM shoe_data sh, unit un
	 WHERE sh.slunit = un.un_name
-- ;
CREATE VIEW shoelace AS
	SELECT s.sl_name,
		   s.sl_avail,
		   s.sl_color,
		   s.sl_len,
		   s.sl_unit,
		   s.sl_len * u.un_fact AS sl_len_cm
	  FROM shoelace_data s, unit u
	 WHERE s.sl_unit = u.un_name
-- ;
CREATE VIEW shoe_ready AS
	SELECT rsh.shoename,
		   rsh.sh_avail,
		   rsl.sl_name,
		   rsl.sl_avail,
		   int4smaller(rsh.sh_avail, rsl.sl_avail) AS total_avail
	  FROM shoe rsh, shoelace rsl
	 WHERE rsl.sl_color = rsh.slcolor
	   AND rsl.sl_len_cm >= rsh.slminlen_cm
	   AND rsl.sl_len_cm <= rsh.slmaxlen_cm
-- ;
INSERT INTO unit VALUES ('m', 100.0)
-- ;
INSERT INTO shoelace_data VALUES ('sl1', 5, 'black', 80.0, 'cm')
-- ;
SELECT * FROM shoe_ready WHERE total_avail >= 2 ORDER BY 1
-- ;
INSERT INTO shoelace_arrive VALUES ('sl6', 20)
-- ;
insert into shoelace_ok select * from shoelace_arrive
-- ;
SELECT * FROM shoelace_log ORDER BY sl_name
-- ;
CREATE VIEW shoelace_obsolete AS
	SELECT * FROM shoelace WHERE NOT EXISTS
	    (SELECT shoename FROM shoe WHERE slcolor = sl_color)
-- ;
CREATE VIEW shoelace_candelete AS
	SELECT * FROM shoelace_obsolete WHERE sl_avail = 0
-- ;
SELECT * FROM shoelace_obsolete ORDER BY sl_len_cm
-- ;
SELECT * FROM shoelace_candelete
-- ;
insert into rules_foo values(1001)
-- ;
create rule rules_foorule as on insert to rules_foo where f1 < 100
do instead insert into rules_foo2 values (f1)
-- ;
select * from vview
-- ;
update vview set descrip='test1' where pid=1
-- ;
SELECT tablename, rulename, definition FROM pg_rules
WHERE schemaname = 'pg_catalog'
ORDER BY tablename, rulename
-- ;
CREATE OR REPLACE RULE myrule AS ON INSERT TO ruletest_tbl
	DO INSTEAD INSERT INTO ruletest_tbl2 VALUES (10, 10)
-- ;
INSERT INTO ruletest_tbl VALUES (99, 99)
-- ;
insert into rule_and_refint_t1 values (1, 11)
-- ;
insert into rule_and_refint_t3 values (1, 12, 11, 'row3')
-- ;
insert into shoelace values ('sl9', 0, 'pink', 35.0, 'inch', 0.0)
  on conflict (sl_name) do update
  set sl_avail = excluded.sl_avail
-- ;
create view rules_fooview as select 'rules_foo'::text
-- ;
select * from rules_fooview
-- ;
insert into test_1 (name) values ('Test 2')
-- ;
insert into test_2 (name) values ('Test 4')
-- ;
update id_ordered set name = 'update 2' where id = 2
-- ;
create rule t1_ins_1 as on insert to t1
	where new.a >= 0 and new.a < 10
	do instead
	insert into t1_1 values (new.a)
-- ;
select * from only t1_1
-- ;
select * from only t1_2
-- ;
insert into rules_base values(1,2), (11,12)
-- ;
select pg_get_viewdef('shoe'::regclass) as unpretty
-- ;
select pg_get_viewdef('shoe'::regclass,true) as pretty
-- ;
insert into rules_src values(1,2), (11,12)
-- ;
update rules_src set f2 = f2 + 1
-- ;
select * from rules_log
-- ;
create rule r3 as on insert to rules_src do also
  insert into rules_log values(null, null, '-', default), (new.*, 'new', default)
-- ;
CREATE RULE v1_upd AS ON UPDATE TO rule_v1
  DO ALSO UPDATE rule_t1 t
  SET c = tt.a * 10
  FROM (SELECT a FROM rule_t1 WHERE a = OLD.a) tt WHERE t.a = tt.a
-- ;
INSERT INTO rule_v1 VALUES (1, 'a'), (2, 'b')
-- ;
UPDATE rule_v1 SET b = upper(b)
-- ;
SELECT * FROM rule_t1
-- ;
INSERT INTO rule_v1 VALUES(1)
-- ;
create view rule_v1(x) as values(1,2)
-- ;
create view rule_v1(x) as select * from (values(1,2)) v
-- ;
SELECT definition FROM pg_rules WHERE tablename = 'hats' ORDER BY rulename
-- ;
INSERT INTO hats VALUES ('h8', 'black') RETURNING *
-- ;
explain (costs off) INSERT INTO hats VALUES ('h8', 'forbidden') RETURNING *
-- ;
EXPLAIN (costs off)
WITH data(hat_name, hat_color) AS MATERIALIZED (
    VALUES ('h8', 'green'),
        ('h9', 'blue'),
        ('h7', 'forbidden')
)
INSERT INTO hats
    SELECT * FROM data
RETURNING *
-- ;
SELECT pg_get_functiondef('func_with_set_params()'::regprocedure)
-- ;
SELECT pg_get_functiondef(0)
-- ;
SELECT pg_get_statisticsobjdef(0)
-- ;
SELECT pg_get_triggerdef(0)
-- ;
SELECT pg_get_viewdef(0)
-- ;
SELECT pg_get_function_arguments(0)
-- ;
SELECT pg_get_function_arg_default(0, 0)
-- ;
SELECT pg_get_function_arg_default('pg_class'::regclass, 0)
-- ;
MERGE INTO rule_merge1 t USING (SELECT 1 AS a) s
	ON t.a = s.a
	WHEN MATCHED AND t.a < 2 THEN
		UPDATE SET b = b || ' updated by merge'
	WHEN MATCHED AND t.a > 2 THEN
		DELETE
	WHEN NOT MATCHED THEN
		INSERT VALUES (s.a, '')
-- ;
MERGE INTO rule_merge2 t USING (SELECT 1 AS a) s
	ON t.a = s.a
	WHEN MATCHED AND t.a < 2 THEN
		UPDATE SET b = b || ' updated by merge'
	WHEN MATCHED AND t.a > 2 THEN
		DELETE
	WHEN NOT MATCHED THEN
		INSERT VALUES (s.a, '')
-- ;
INSERT INTO ruletest1 VALUES (2)
-- ;
CREATE VIEW ruletest_v1 WITH (security_invoker=true) AS
    SELECT * FROM ruletest_t1
-- ;
SELECT * FROM ruletest_t1
-- ;
SELECT * FROM ruletest_t2
-- ;
SELECT $$''$$::json
-- ;
SELECT '"abc"'::json
-- ;
SELECT '"abc'::json
-- ;
SELECT '"\v"'::json
-- ;
SELECT '0'::json
-- ;
SELECT '1e100'::json
-- ;
SELECT '1f2'::json
-- ;
SELECT '0.x1'::json
-- ;
SELECT '1.3ex100'::json
-- ;
SELECT '[]'::json
-- ;
SELECT '[1,2'::json
-- ;
SELECT '[1,[2]'::json
-- ;
SELECT '{}'::json
-- ;
SELECT '{"abc"=1}'::json
-- ;
SELECT 'false'::json
-- ;
SELECT array_to_json(array_agg(q),true) from (select x as b, x * 2 as c from generate_series(1,3) x) q
-- ;
SELECT array_to_json(array_agg(q),false)
  FROM ( SELECT $$a$$ || x AS b, y AS c,
               ARRAY[ROW(x.*,ARRAY[1,2,3]),
               ROW(y.*,ARRAY[4,5,6])] AS z
         FROM generate_series(1,2) x,
              generate_series(4,5) y) q
-- ;
SELECT array_to_json(array_agg(x),false) from generate_series(5,10) x
-- ;
SELECT row_to_json(row(1,'foo'))
-- ;
CREATE TEMP TABLE rows AS
SELECT x, 'txt' || x as y
FROM generate_series(1,3) AS x
-- ;
select to_json(timestamp '2014-05-28 12:22:35.614298')
-- ;
select to_json(date '2014-05-28')
-- ;
select to_json(timestamp 'Infinity')
-- ;
SELECT json_agg(q ORDER BY x, y)
  FROM rows q
-- ;
UPDATE rows SET x = NULL WHERE x = 1
-- ;
INSERT INTO test_json VALUES
('scalar','"a scalar"'),
('array','["zero", "one","two",null,"four","five", [1,2,3],{"f1":9}]'),
('object','{"field1":"val1","field2":"val2","field3":null, "field4": 4, "field5": [1,2,3], "field6": {"f1":9}}')
-- ;
SELECT test_json -> 'x'
FROM test_json
WHERE json_type = 'scalar'
-- ;
SELECT test_json->>'field2'
FROM test_json
WHERE json_type = 'object'
-- ;
SELECT test_json -> 2
FROM test_json
WHERE json_type = 'array'
-- ;
SELECT test_json->>2
FROM test_json
WHERE json_type = 'array'
-- ;
SELECT test_json ->> 6 FROM test_json WHERE json_type = 'array'
-- ;
SELECT test_json ->> 7 FROM test_json WHERE json_type = 'array'
-- ;
SELECT json_object_keys(test_json)
FROM test_json
WHERE json_type = 'scalar'
-- ;
select (test_json->'field3') is null as expect_false
from test_json
where json_type = 'object'
-- ;
select (test_json->3) is null as expect_false
from test_json
where json_type = 'array'
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::json -> 1
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::json -> ''
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::json -> 1
-- ;
select '"foo"'::json -> 1
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::json ->> 'z'
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::json ->> 1
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::json ->> 'z'
-- ;
select '{"a": "c", "b": null}'::json ->> 'b'
-- ;
select '"foo"'::json ->> 1
-- ;
SELECT json_array_length('[]')
-- ;
SELECT json_array_length('{"f1":1,"f2":[5,6]}')
-- ;
SELECT json_array_length('4')
-- ;
select * from json_each('{"f1":[1,2,3],"f2":{"f3":1},"f4":null,"f5":99,"f6":"stringy"}') q
-- ;
select json_extract_path_text('{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}','f4','f6')
-- ;
select json_extract_path_text('{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}','f2')
-- ;
select json_extract_path('{"f2":{"f3":1},"f4":{"f5":null,"f6":"stringy"}}','f4','f5') is null as expect_false
-- ;
select '{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}'::json#>array['f4','f6']
-- ;
select '{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}'::json#>array['f2']
-- ;
select '{"f2":["f3",1],"f4":{"f5":99,"f6":"stringy"}}'::json#>>array['f2','0']
-- ;
select '{"f2":["f3",1],"f4":{"f5":99,"f6":"stringy"}}'::json#>>array['f2','1']
-- ;
select '{"a": {"b":{"c": "foo"}}}'::json #> '{}'
-- ;
select '42'::json #> '{}'
-- ;
select 'null'::json #> '{}'
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::json #> array['a','z','b']
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::json #> array['1','b']
-- ;
select '"foo"'::json #> array['z']
-- ;
select '42'::json #> array['f2']
-- ;
select '{"a": {"b":{"c": "foo"}}}'::json #>> '{}'
-- ;
select '[1,2,3]'::json #>> '{}'
-- ;
select 'null'::json #>> '{}'
-- ;
select '{"a": {"b":{"c": "foo"}}}'::json #>> array['a', null]
-- ;
select '{"a": {"b":{"c": "foo"}}}'::json #>> array['a', '']
-- ;
select '{"a": {"b":{"c": "foo"}}}'::json #>> array['a','b','c']
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::json #>> array['1','b']
-- ;
select '42'::json #>> array['f2']
-- ;
select * from json_array_elements('[1,true,[1,[2,3]],null,{"f1":1,"f2":[7,8,9]},false,"stringy"]') q
-- ;
select json_array_elements_text('[1,true,[1,[2,3]],null,{"f1":1,"f2":[7,8,9]},false,"stringy"]')
-- ;
select * from json_populate_record(row('x',3,'2012-12-31 15:30:56')::jpop,'{"a":"blurfl","x":43.2}') q
-- ;
select * from json_populate_record(row('x',3,'2012-12-31 15:30:56')::jpop,'{"a":[100,200,false],"x":43.2}') q
-- ;
SELECT i FROM json_populate_record(NULL::jsrec_i_not_null, '{"x": 43.2}') q
-- ;
SELECT i FROM json_populate_record(NULL::jsrec_i_not_null, '{"i": 12345}') q
-- ;
SELECT ia FROM json_populate_record(NULL::jsrec, '{"ia": null}') q
-- ;
SELECT ia FROM json_populate_record(NULL::jsrec, '{"ia": [[1], 2]}') q
-- ;
SELECT ia1 FROM json_populate_record(NULL::jsrec, '{"ia1": null}') q
-- ;
SELECT ia1 FROM json_populate_record(NULL::jsrec, '{"ia1": [1, "2", null, 4]}') q
-- ;
SELECT ia1d FROM json_populate_record(NULL::jsrec, '{"ia1d": 123}') q
-- ;
SELECT ia1d FROM json_populate_record(NULL::jsrec, '{"ia1d": [1, "2", null, 4]}') q
-- ;
SELECT ia2 FROM json_populate_record(NULL::jsrec, '{"ia2": [[], []]}') q
-- ;
SELECT ia3 FROM json_populate_record(NULL::jsrec, '{"ia3": [[1, 2], [null, 4]]}') q
-- ;
SELECT ia3 FROM json_populate_record(NULL::jsrec, '{"ia3": [ [[1, 2], [3, 4]], [[5, 6], [7, 8]] ]}') q
-- ;
SELECT ia3 FROM json_populate_record(NULL::jsrec, '{"ia3": [ [[1, 2], [3, 4]], [[5, 6], [7, 8], [9, 10]] ]}') q
-- ;
SELECT ta FROM json_populate_record(NULL::jsrec, '{"ta": null}') q
-- ;
SELECT ta FROM json_populate_record(NULL::jsrec, '{"ta": [1, "2", null, 4]}') q
-- ;
SELECT ta FROM json_populate_record(NULL::jsrec, '{"ta": [[1, 2, 3], {"k": "v"}]}') q
-- ;
SELECT ca FROM json_populate_record(NULL::jsrec, '{"ca": null}') q
-- ;
SELECT ca FROM json_populate_record(NULL::jsrec, '{"ca": [1, "2", null, 4]}') q
-- ;
SELECT ca FROM json_populate_record(NULL::jsrec, '{"ca": [[1, 2, 3], {"k": "v"}]}') q
-- ;
SELECT js FROM json_populate_record(NULL::jsrec, '{"js": 123.45}') q
-- ;
SELECT js FROM json_populate_record(NULL::jsrec, '{"js": [123, "123", null, {"key": "value"}]}') q
-- ;
SELECT js FROM json_populate_record(NULL::jsrec, '{"js": {"a": "bbb", "b": null, "c": 123.45}}') q
-- ;
SELECT jsb FROM json_populate_record(NULL::jsrec, '{"jsb": null}') q
-- ;
SELECT jsa FROM json_populate_record(NULL::jsrec, '{"jsa": [1, "2", null, 4]}') q
-- ;
SELECT jsa FROM json_populate_record(NULL::jsrec, '{"jsa": ["aaa", null, [1, 2, "3", {}], { "k" : "v" }]}') q
-- ;
SELECT rec FROM json_populate_record(NULL::jsrec, '{"rec": 123}') q
-- ;
SELECT rec FROM json_populate_record(NULL::jsrec, '{"rec": [1, 2]}') q
-- ;
SELECT reca FROM json_populate_record(NULL::jsrec, '{"reca": [1, 2]}') q
-- ;
SELECT rec FROM json_populate_record(
	row(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,
		row('x',3,'2012-12-31 15:30:56')::jpop,NULL)::jsrec,
	'{"rec": {"a": "abc", "c": "01.02.2003", "x": 43.2}}'
) q
-- ;
SELECT json_populate_record(null::record, '{"x": 0, "y": 1}')
-- ;
SELECT json_populate_record(row(1,2)::j_ordered_pair, '{"x": 1, "y": 0}')
-- ;
select * from json_populate_recordset(null::jpop,'[{"a":"blurfl","x":43.2},{"b":3,"c":"2012-01-20 10:42:53"}]') q
-- ;
select * from json_populate_recordset(row('def',99,null)::jpop,'[{"a":"blurfl","x":43.2},{"b":3,"c":"2012-01-20 10:42:53"}]') q
-- ;
select * from json_populate_recordset(null::jpop2, '[{"a":2,"c":3,"b":{"z":4},"d":6}]') q
-- ;
SELECT json_populate_recordset(null::record, '[{"x": 0, "y": 1}]')
-- ;
SELECT i, json_populate_recordset(row(i,50), '[{"f1":"42"},{"f2":"43"}]')
FROM (VALUES (1),(2)) v(i)
-- ;
SELECT * FROM
  json_populate_recordset(null::record, '[{"x": 776}]') AS (x int, y int)
-- ;
SELECT json_populate_recordset(row(1,2), '[]')
-- ;
select * from json_populate_recordset(row(0::int),'[{"a":"1","b":"2"},{"a":"3"}]') q (a text, b text)
-- ;
select * from json_populate_recordset(row(1000000000::int,50::int),'[{"b":"2"},{"a":"3"}]') q (a text, b text)
-- ;
select value, json_typeof(value)
  from (values (json '123.4'),
               (json '-1'),
               (json '"foo"'),
               (json 'true'),
               (json 'false'),
               (json 'null'),
               (json '[1, 2, 3]'),
               (json '[]'),
               (json '{"x":"foo", "y":123}'),
               (json '{}'),
               (NULL::json))
      as data(value)
-- ;
SELECT json_build_array('a',1,'b',1.2,'c',true,'d',null,'e',json '{"x": 3, "y": [1,2,3]}')
-- ;
SELECT json_build_array(VARIADIC NULL::text[])
-- ;
SELECT json_build_array(VARIADIC '{}'::text[])
-- ;
SELECT json_build_array(VARIADIC '{a,b,c}'::text[])
-- ;
SELECT json_build_object(
       'a', json_build_object('b',false,'c',99),
       'd', json_build_object('e',array[9,8,7]::int[],
           'f', (select row_to_json(r) from ( select relkind, oid::regclass as name from pg_class where relname = 'pg_class') r)))
-- ;
SELECT json_build_object('a', 'b', 'c')
-- ;
SELECT json_build_object(NULL, 'a')
-- ;
SELECT json_build_object(VARIADIC '{a,b,c}'::text[])
-- ;
SELECT json_build_object(VARIADIC ARRAY['a', NULL]::text[])
-- ;
SELECT json_build_object(VARIADIC ARRAY[NULL, 'a']::text[])
-- ;
SELECT json_build_object(VARIADIC '{1,2,3,4}'::text[])
-- ;
SELECT json_build_object(VARIADIC '{1,2,3,4}'::int[])
-- ;
SELECT json_build_array()
-- ;
SELECT json_build_object()
-- ;
SELECT json_build_object(json '{"a":1,"b":2}', 3)
-- ;
INSERT INTO foo VALUES (847001,'t15','GE1043')
-- ;
SELECT json_object_agg(name, type) FROM foo
-- ;
SELECT json_object('{}')
-- ;
SELECT json_object('{{a},{b}}')
-- ;
select json_object('{a,b,c,"d e f"}','{1,2,3,"a b c"}')
-- ;
select json_object('{a,b,c,"d e f",g}','{1,2,3,"a b c"}')
-- ;
select json_object('{a,b,c,"d e f"}','{1,2,3,"a b c",g}')
-- ;
select json_object('{a,b,NULL,"d e f"}','{1,2,3,"a b c"}')
-- ;
select json_object('{a,b,"","d e f"}','{1,2,3,"a b c"}')
-- ;
select * from json_to_record('{"a":1,"b":"foo","c":"bar"}')
    as x(a int, b text, d text)
-- ;
select * from json_to_record('{"ia": [1, "2", null, 4]}') as x(ia _int4)
-- ;
select * from json_to_record('{"ia": [[1], 2]}') as x(ia _int4)
-- ;
select * from json_to_record('{"out": [{"key": 1}]}') as x(out json)
-- ;
select * from json_to_record('{"out": "{\"key\": 1}"}') as x(out json)
-- ;
select * from json_to_record('{"out": {"key": 1}}') as x(out jsonb)
-- ;
select json_strip_nulls(null)
-- ;
select json_strip_nulls('1')
-- ;
select json_strip_nulls('"a string"')
-- ;
select json_strip_nulls('[1,{"a":1,"b":null,"c":2},3]')
-- ;
select json_strip_nulls('{"a": {"b": null, "c": null}, "d": {} }')
-- ;
select to_tsvector('{"a": "aaa bbb ddd ccc", "b": ["eee fff ggg"], "c": {"d": "hhh iii"}}'::json)
-- ;
select to_tsvector('simple', '{"a": "aaa bbb ddd ccc", "b": ["eee fff ggg"], "c": {"d": "hhh iii"}}'::json)
-- ;
select to_tsvector('english', '{"a": "aaa in bbb ddd ccc", "b": ["the eee fff ggg"], "c": {"d": "hhh. iii"}}'::json)
-- ;
select to_tsvector('english', '{"a": "aaa in bbb ddd ccc", "b": 123, "c": 456}'::json)
-- ;
select json_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::json, '"key"')
-- ;
select json_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::json, '"string"')
-- ;
select json_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::json, '["string", "numeric"]')
-- ;
select json_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::json, '"all"')
-- ;
select json_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::json, 'null')
-- ;
select ts_headline('english', '{"a": "aaa bbb", "b": {"c": "ccc ddd fff"}, "d": ["ggg hhh", "iii jjj"]}'::json, tsquery('bbb & ddd & hhh'))
-- ;
select ts_headline('null'::json, tsquery('aaa & bbb'))
-- ;
select ts_headline('{}'::json, tsquery('aaa & bbb'))
-- ;
select ts_headline('[]'::json, tsquery('aaa & bbb'))
-- ;
SELECT $$''$$::jsonb
-- ;
SELECT '"abc"'::jsonb
-- ;
SELECT '"\v"'::jsonb
-- ;
SELECT '01'::jsonb
-- ;
SELECT '0.1'::jsonb
-- ;
SELECT '1.3e100'::jsonb
-- ;
SELECT '1f2'::jsonb
-- ;
SELECT '[]'::jsonb
-- ;
SELECT '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]'::jsonb
-- ;
SELECT '[1,2]'::jsonb
-- ;
SELECT '[1,2,]'::jsonb
-- ;
SELECT '{}'::jsonb
-- ;
SELECT '{"abc"}'::jsonb
-- ;
SELECT '{"abc",1}'::jsonb
-- ;
SELECT '{"abc":1,"def":2,"ghi":[3,4],"hij":{"klm":5,"nop":[6]}}'::jsonb
-- ;
SELECT repeat('[', 10000)::jsonb
-- ;
SELECT 'true'::jsonb
-- ;
SELECT 'false'::jsonb
-- ;
SELECT 'null'::jsonb
-- ;
SELECT 'true false'::jsonb
-- ;
SELECT 'true, false'::jsonb
-- ;
SELECT 'trues'::jsonb
-- ;
SELECT ''::jsonb
-- ;
SELECT '{
		"one": 1,
		"two":"two",
		"three":
		true}'::jsonb
-- ;
SELECT '{
		"one": 1,
		"two":,"two",  -- ERROR extraneous comma before field "two"
		"three":
		true}'::jsonb
-- ;
SELECT array_to_json(ARRAY [jsonb '{"a":1}', jsonb '{"b":[2,3]}'])
-- ;
select to_jsonb(timestamptz '2014-05-28 12:22:35.614298-04')
-- ;
select to_jsonb(date '2014-05-28')
-- ;
select to_jsonb(date 'Infinity')
-- ;
select to_jsonb(date '-Infinity')
-- ;
select to_jsonb(timestamptz 'Infinity')
-- ;
select to_jsonb(timestamptz '-Infinity')
-- ;
SELECT jsonb_agg(q)
  FROM ( SELECT $$a$$ || x AS b, y AS c,
               ARRAY[ROW(x.*,ARRAY[1,2,3]),
               ROW(y.*,ARRAY[4,5,6])] AS z
         FROM generate_series(1,2) x,
              generate_series(4,5) y) q
-- ;
SELECT jsonb_agg(q ORDER BY x, y)
  FROM rows q
-- ;
SELECT jsonb_agg(q ORDER BY x NULLS FIRST, y)
  FROM rows q
-- ;
INSERT INTO test_jsonb VALUES
('scalar','"a scalar"'),
('array','["zero", "one","two",null,"four","five", [1,2,3],{"f1":9}]'),
('object','{"field1":"val1","field2":"val2","field3":null, "field4": 4, "field5": [1,2,3], "field6": {"f1":9}}')
-- ;
SELECT test_json -> 'x' FROM test_jsonb WHERE json_type = 'array'
-- ;
SELECT test_json -> 'field2' FROM test_jsonb WHERE json_type = 'object'
-- ;
SELECT test_json ->> 'field2' FROM test_jsonb WHERE json_type = 'scalar'
-- ;
SELECT test_json -> 9 FROM test_jsonb WHERE json_type = 'array'
-- ;
SELECT test_json ->> 6 FROM test_jsonb WHERE json_type = 'array'
-- ;
SELECT test_json ->> 7 FROM test_jsonb WHERE json_type = 'array'
-- ;
SELECT test_json ->> 2 FROM test_jsonb WHERE json_type = 'array'
-- ;
SELECT jsonb_object_keys(test_json) FROM test_jsonb WHERE json_type = 'array'
-- ;
SELECT (test_json->>'field3') IS NULL AS expect_true FROM test_jsonb WHERE json_type = 'object'
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::jsonb -> null::int
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::jsonb -> 1
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::jsonb -> 'z'
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::jsonb -> ''
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::jsonb -> 'z'
-- ;
select '{"a": "c", "b": null}'::jsonb -> 'b'
-- ;
select '"foo"'::jsonb -> 1
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::jsonb ->> null::int
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::jsonb ->> ''
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::jsonb ->> 3
-- ;
select '{"a": "c", "b": null}'::jsonb ->> 'b'
-- ;
SELECT jsonb_contains('{"a":"b", "b":1, "c":null}', '{"a":"b", "c":null}')
-- ;
SELECT jsonb_contains('{"a":"b", "b":1, "c":null}', '{"a":"b", "g":null}')
-- ;
SELECT jsonb_contains('{"a":"b", "b":1, "c":null}', '{"a":"b", "c":"q"}')
-- ;
SELECT '{"a":"b", "b":1, "c":null}'::jsonb @> '{"g":null}'
-- ;
SELECT '{"a":"b", "b":1, "c":null}'::jsonb @> '{"a":"b", "c":"q"}'
-- ;
SELECT '[[1,2]]'::jsonb @> '[[1,2,2]]'::jsonb
-- ;
SELECT jsonb_contained('{"a":"b", "c":null}', '{"a":"b", "b":1, "c":null}')
-- ;
SELECT jsonb_contained('{"a":"b", "g":null}', '{"a":"b", "b":1, "c":null}')
-- ;
SELECT jsonb_contained('{"a":"b", "c":"q"}', '{"a":"b", "b":1, "c":null}')
-- ;
SELECT '{"a":"b"}'::jsonb <@ '{"a":"b", "b":1, "c":null}'
-- ;
SELECT '{"a":"c"}'::jsonb <@ '{"a":"b", "b":1, "c":null}'
-- ;
SELECT '5'::jsonb @> '5'
-- ;
SELECT '[5]'::jsonb @> '5'
-- ;
SELECT '["9", ["7", "3"], ["1"]]'::jsonb @> '["9", ["7", "3"], ["1"]]'::jsonb
-- ;
SELECT jsonb_array_length('[1,2,3,{"f1":1,"f2":[5,6]},4]')
-- ;
SELECT jsonb_array_length('4')
-- ;
SELECT jsonb_each('{"f1":[1,2,3],"f2":{"f3":1},"f4":null}')
-- ;
SELECT * FROM jsonb_each('{"f1":[1,2,3],"f2":{"f3":1},"f4":null,"f5":99,"f6":"stringy"}') q
-- ;
SELECT * FROM jsonb_each_text('{"f1":[1,2,3],"f2":{"f3":1},"f4":null,"f5":99,"f6":"stringy"}') q
-- ;
SELECT jsonb_exists('{"a":null, "b":"qq"}', 'c')
-- ;
SELECT jsonb '{"a":null, "b":"qq"}' ? 'c'
-- ;
SELECT count(*) from testjsonb  WHERE j->'array' ? '5'::text
-- ;
SELECT count(*) from testjsonb  WHERE j->'array' @> '5'::jsonb
-- ;
SELECT jsonb_exists_any('{"a":null, "b":"qq"}', ARRAY['a','b'])
-- ;
SELECT jsonb_exists_any('{"a":null, "b":"qq"}', ARRAY['c','d'])
-- ;
SELECT jsonb_exists_any('{"a":null, "b":"qq"}', '{}'::text[])
-- ;
SELECT jsonb '{"a":null, "b":"qq"}' ?| ARRAY['a','b']
-- ;
SELECT jsonb '{"a":null, "b":"qq"}' ?| ARRAY['b','a']
-- ;
SELECT jsonb '{"a":null, "b":"qq"}' ?| ARRAY['c','a']
-- ;
SELECT jsonb_exists_all('{"a":null, "b":"qq"}', ARRAY['c','d'])
-- ;
SELECT jsonb_exists_all('{"a":null, "b":"qq"}', '{}'::text[])
-- ;
SELECT jsonb '{"a":null, "b":"qq"}' ?& ARRAY['c','d']
-- ;
SELECT jsonb_typeof('[]') AS array
-- ;
SELECT jsonb_typeof('null') AS "null"
-- ;
SELECT jsonb_typeof('-1') AS number
-- ;
SELECT jsonb_typeof('-1.0') AS number
-- ;
SELECT jsonb_typeof('true') AS boolean
-- ;
SELECT jsonb_typeof('"true"') AS string
-- ;
SELECT jsonb_typeof('"1.0"') AS string
-- ;
SELECT jsonb_build_array('a', NULL)
-- ;
SELECT jsonb_build_array(VARIADIC NULL::text[])
-- ;
SELECT jsonb_build_array(VARIADIC '{}'::text[])
-- ;
SELECT jsonb_build_array(VARIADIC '{a,b,c}'::text[])
-- ;
SELECT jsonb_build_array(VARIADIC '{1,2,3,4}'::int[])
-- ;
SELECT jsonb_build_object('{a,b,c}'::text[])
-- ;
SELECT jsonb_build_object(NULL, 'a')
-- ;
SELECT jsonb_build_object(VARIADIC NULL::text[])
-- ;
SELECT jsonb_build_object(VARIADIC '{1,2,3,4}'::int[])
-- ;
SELECT jsonb_build_array()
-- ;
SELECT jsonb_build_object()
-- ;
SELECT jsonb_build_object(null,2)
-- ;
SELECT jsonb_build_object('{1,2,3}'::int[], 3)
-- ;
SELECT jsonb_object_agg(DISTINCT 'a', 'abc')
-- ;
SELECT jsonb_object('{}')
-- ;
SELECT jsonb_object('{}', '{}')
-- ;
SELECT jsonb_object('{{a},{b}}')
-- ;
select jsonb_object('{a,b,c,"d e f"}','{1,2,3,"a b c"}')
-- ;
SELECT jsonb_extract_path('{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}','f2')
-- ;
SELECT jsonb_extract_path('{"f2":["f3",1],"f4":{"f5":99,"f6":"stringy"}}','f2',0::text)
-- ;
SELECT jsonb_extract_path('{"f2":["f3",1],"f4":{"f5":99,"f6":"stringy"}}','f2',1::text)
-- ;
SELECT jsonb_extract_path_text('{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}','f2')
-- ;
SELECT jsonb_extract_path('{"f2":{"f3":1},"f4":{"f5":null,"f6":"stringy"}}','f4','f5') IS NULL AS expect_false
-- ;
SELECT jsonb_extract_path_text('{"f2":{"f3":1},"f4":{"f5":null,"f6":"stringy"}}','f4','f5') IS NULL AS expect_true
-- ;
SELECT jsonb_extract_path_text('{"f2":{"f3":1},"f4":[0,1,2,null]}','f4','3') IS NULL AS expect_true
-- ;
SELECT '{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}'::jsonb#>array['f2']
-- ;
SELECT '{"f2":["f3",1],"f4":{"f5":99,"f6":"stringy"}}'::jsonb#>array['f2','1']
-- ;
SELECT '{"f2":{"f3":1},"f4":{"f5":99,"f6":"stringy"}}'::jsonb#>>array['f2']
-- ;
select '{"a": {"b":{"c": "foo"}}}'::jsonb #> '{}'
-- ;
select '[1,2,3]'::jsonb #> '{}'
-- ;
select 'null'::jsonb #> '{}'
-- ;
select '{"a": {"b":{"c": "foo"}}}'::jsonb #> array['a']
-- ;
select '{"a": {"b":{"c": "foo"}}}'::jsonb #> array['a', '']
-- ;
select '{"a": {"b":{"c": "foo"}}}'::jsonb #> array['a','b','c','d']
-- ;
select '{"a": {"b":{"c": "foo"}}}'::jsonb #> array['a','z','c']
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::jsonb #> array['1','b']
-- ;
select '"foo"'::jsonb #> array['z']
-- ;
select '42'::jsonb #> array['0']
-- ;
select '[1,2,3]'::jsonb #>> '{}'
-- ;
select '42'::jsonb #>> '{}'
-- ;
select '{"a": [{"b": "c"}, {"b": "cc"}]}'::jsonb #>> array['a','1','b']
-- ;
select '[{"b": "c"}, {"b": "cc"}]'::jsonb #>> array['1','b']
-- ;
select '42'::jsonb #>> array['f2']
-- ;
select '42'::jsonb #>> array['0']
-- ;
SELECT jsonb_array_elements('[1,true,[1,[2,3]],null,{"f1":1,"f2":[7,8,9]},false]')
-- ;
SELECT * FROM jsonb_array_elements('[1,true,[1,[2,3]],null,{"f1":1,"f2":[7,8,9]},false]') q
-- ;
SELECT * FROM jsonb_array_elements_text('[1,true,[1,[2,3]],null,{"f1":1,"f2":[7,8,9]},false,"stringy"]') q
-- ;
SELECT * FROM jsonb_populate_record(NULL::jbpop,'{"a":"blurfl","x":43.2}') q
-- ;
SELECT * FROM jsonb_populate_record(row('x',3,'2012-12-31 15:30:56')::jbpop,'{"a":[100,200,false],"x":43.2}') q
-- ;
SELECT i FROM jsonb_populate_record(NULL::jsbrec_i_not_null, '{"i": 12345}') q
-- ;
SELECT ia FROM jsonb_populate_record(NULL::jsbrec, '{"ia": null}') q
-- ;
SELECT ia FROM jsonb_populate_record(NULL::jsbrec, '{"ia": [[1, 2], [3, 4]]}') q
-- ;
SELECT ia FROM jsonb_populate_record(NULL::jsbrec, '{"ia": [[1], 2]}') q
-- ;
SELECT ia FROM jsonb_populate_record(NULL::jsbrec, '{"ia": "{1,2,3}"}') q
-- ;
SELECT ia1 FROM jsonb_populate_record(NULL::jsbrec, '{"ia1": null}') q
-- ;
SELECT ia1 FROM jsonb_populate_record(NULL::jsbrec, '{"ia1": [1, "2", null, 4]}') q
-- ;
SELECT ia1d FROM jsonb_populate_record(NULL::jsbrec, '{"ia1d": null}') q
-- ;
SELECT ia1d FROM jsonb_populate_record(NULL::jsbrec, '{"ia1d": 123}') q
-- ;
SELECT ia2 FROM jsonb_populate_record(NULL::jsbrec, '{"ia2": [[], []]}') q
-- ;
SELECT ia2d FROM jsonb_populate_record(NULL::jsbrec, '{"ia2d": [[1, "2"], [null, 4]]}') q
-- ;
SELECT ia2d FROM jsonb_populate_record(NULL::jsbrec, '{"ia2d": [[1, "2", 3], [null, 5, 6]]}') q
-- ;
SELECT ta FROM jsonb_populate_record(NULL::jsbrec, '{"ta": null}') q
-- ;
SELECT ta FROM jsonb_populate_record(NULL::jsbrec, '{"ta": [[1, 2, 3], {"k": "v"}]}') q
-- ;
SELECT c FROM jsonb_populate_record(NULL::jsbrec, '{"c": null}') q
-- ;
SELECT c FROM jsonb_populate_record(NULL::jsbrec, '{"c": "aaa"}') q
-- ;
SELECT ca FROM jsonb_populate_record(NULL::jsbrec, '{"ca": ["aaaaaaaaaaaaaaaa"]}') q
-- ;
SELECT ca FROM jsonb_populate_record(NULL::jsbrec, '{"ca": [[1, 2, 3], {"k": "v"}]}') q
-- ;
SELECT js FROM jsonb_populate_record(NULL::jsbrec, '{"js": true}') q
-- ;
SELECT js FROM jsonb_populate_record(NULL::jsbrec, '{"js": "abc"}') q
-- ;
SELECT jsb FROM jsonb_populate_record(NULL::jsbrec, '{"jsb": null}') q
-- ;
SELECT jsb FROM jsonb_populate_record(NULL::jsbrec, '{"jsb": true}') q
-- ;
SELECT jsb FROM jsonb_populate_record(NULL::jsbrec, '{"jsb": "abc"}') q
-- ;
SELECT jsb FROM jsonb_populate_record(NULL::jsbrec, '{"jsb": [123, "123", null, {"key": "value"}]}') q
-- ;
SELECT jsa FROM jsonb_populate_record(NULL::jsbrec, '{"jsa": null}') q
-- ;
SELECT jsa FROM jsonb_populate_record(NULL::jsbrec, '{"jsa": 123}') q
-- ;
SELECT rec FROM jsonb_populate_record(NULL::jsbrec, '{"rec": 123}') q
-- ;
SELECT rec FROM jsonb_populate_record(NULL::jsbrec, '{"rec": [1, 2]}') q
-- ;
SELECT rec FROM jsonb_populate_record(NULL::jsbrec, '{"rec": {"a": "abc", "c": "01.02.2003", "x": 43.2}}') q
-- ;
SELECT reca FROM jsonb_populate_record(NULL::jsbrec, '{"reca": 123}') q
-- ;
SELECT rec FROM jsonb_populate_record(
	row(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,
		row('x',3,'2012-12-31 15:30:56')::jbpop,NULL)::jsbrec,
	'{"rec": {"a": "abc", "c": "01.02.2003", "x": 43.2}}'
) q
-- ;
SELECT jsonb_populate_record(null::record, '{"x": 0, "y": 1}')
-- ;
SELECT jsonb_populate_record(row(1,2)::jb_ordered_pair, '{"x": 1, "y": 0}')
-- ;
SELECT * FROM jsonb_populate_recordset(NULL::jbpop,'[{"a":"blurfl","x":43.2},{"b":3,"c":"2012-01-20 10:42:53"}]') q
-- ;
SELECT i, jsonb_populate_recordset(row(i,50), '[{"f1":"42"},{"f2":"43"}]')
FROM (VALUES (1),(2)) v(i)
-- ;
SELECT * FROM
  jsonb_populate_recordset(null::record, '[{"x": 776}]') AS (x int, y int)
-- ;
SELECT jsonb_populate_recordset(null::record, '[]')
-- ;
SELECT * FROM
  jsonb_populate_recordset(null::record, '[]') AS (x int, y int)
-- ;
select * from jsonb_populate_recordset(row(0::int),'[{"a":"1","b":"2"},{"a":"3"}]') q (a text, b text)
-- ;
select * from jsonb_populate_recordset(row(0::int,0::int,0::int),'[{"a":"1","b":"2"},{"a":"3"}]') q (a text, b text)
-- ;
select * from jsonb_to_record('{"ia": [[1], [2, 3]]}') as x(ia _int4)
-- ;
select * from jsonb_to_record('{"ia2": [[1, 2], [3, 4]]}') as x(ia2 int4[][])
-- ;
select * from jsonb_to_record('{"out": {"key": 1}}') as x(out json)
-- ;
select * from jsonb_to_record('{"out": "{\"key\": 1}"}') as x(out json)
-- ;
select * from jsonb_to_record('{"out": {"key": 1}}') as x(out jsonb)
-- ;
select * from jsonb_to_record('{"out": [{"key": 1}]}') as x(out jsonb)
-- ;
SELECT count(*) FROM testjsonb WHERE j @> '{"age":25.0}'
-- ;
SELECT count(*) FROM testjsonb WHERE j ? 'public'
-- ;
SELECT count(*) FROM testjsonb WHERE j ?| ARRAY['public','disabled']
-- ;
SELECT count(*) FROM testjsonb WHERE j ?& ARRAY['public','disabled']
-- ;
SELECT count(*) FROM testjsonb WHERE j @@ '$.wait == "CC" && true == $.public'
-- ;
SELECT count(*) FROM testjsonb WHERE j @@ '$.age == 25'
-- ;
SELECT count(*) FROM testjsonb WHERE j @@ '$.age == 25.0'
-- ;
SELECT count(*) FROM testjsonb WHERE j @@ 'exists($.public)'
-- ;
SELECT count(*) FROM testjsonb WHERE j @@ 'exists($.bar)'
-- ;
SELECT count(*) FROM testjsonb WHERE j @? '$.wait ? (@ == null)'
-- ;
SELECT count(*) FROM testjsonb WHERE j @? '$.wait ? ("CC" == @)'
-- ;
SELECT count(*) FROM testjsonb WHERE j @? '$.age ? (@ == 25)'
-- ;
SELECT count(*) FROM testjsonb WHERE j @? '$'
-- ;
SELECT count(*) FROM testjsonb WHERE j @? '$.bar'
-- ;
SELECT count(*) FROM testjsonb WHERE j @> '{"array":["bar"]}'
-- ;
SELECT count(*) FROM testjsonb WHERE j @> '{}'
-- ;
EXPLAIN (COSTS OFF)
SELECT count(*) FROM testjsonb WHERE j @@ '$.wait == null'
-- ;
SELECT count(*) FROM testjsonb WHERE j @@ 'exists($ ? (@.wait == null))'
-- ;
SELECT count(*) FROM testjsonb WHERE j @@ 'exists($.array ? (@[*] == "bar"))'
-- ;
EXPLAIN (COSTS OFF)
SELECT count(*) FROM testjsonb WHERE j @? '$.wait ? (@ == null)'
-- ;
SELECT count(*) FROM testjsonb WHERE j @? '$ ? (@.array[*] == "bar")'
-- ;
SELECT count(*) FROM testjsonb WHERE j @? '$.array ? (@[*] == "bar")'
-- ;
SELECT count(*) from testjsonb  WHERE j->'array' ? 'bar'
-- ;
SELECT key, count(*) FROM (SELECT (jsonb_each(j)).key FROM testjsonb) AS wow GROUP BY key ORDER BY count DESC, key
-- ;
SELECT distinct * FROM (values (jsonb '{}' || ''::text),('{}')) v(j)
-- ;
SELECT count(*) FROM testjsonb WHERE j > '{"p":1}'
-- ;
SELECT count(*) FROM testjsonb WHERE j = '{"pos":98, "line":371, "node":"CBA", "indexed":true}'
-- ;
SELECT '{"ff":{"a":12,"b":16}}'::jsonb
-- ;
SELECT
  '{"ff":{"a":12,"b":16},"qq":123,"x":[1,2],"Y":null}'::jsonb -> 'ff',
  '{"ff":{"a":12,"b":16},"qq":123,"x":[1,2],"Y":null}'::jsonb -> 'qq',
  ('{"ff":{"a":12,"b":16},"qq":123,"x":[1,2],"Y":null}'::jsonb -> 'Y') IS NULL AS f,
  ('{"ff":{"a":12,"b":16},"qq":123,"x":[1,2],"Y":null}'::jsonb ->> 'Y') IS NULL AS t,
   '{"ff":{"a":12,"b":16},"qq":123,"x":[1,2],"Y":null}'::jsonb -> 'x'
-- ;
SELECT '{"a":{"2":1},"c":"b"}'::jsonb @> '{"a":[1,2]}'
-- ;
SELECT '{"a":{"1":2},"c":"b"}'::jsonb @> '{"a":{"1":2}}'
-- ;
SELECT '{"a":{"2":1},"c":"b"}'::jsonb @> '{"a":{"1":2}}'
-- ;
SELECT '["a","b","c","b"]'::jsonb @> '["a","b"]'
-- ;
SELECT '["a","b","c",[1,2]]'::jsonb @> '["a",[1,2]]'
-- ;
SELECT '["a","b","c",[1,2]]'::jsonb @> '["b",[1,2]]'
-- ;
SELECT '{"a":[1,2],"c":"b"}'::jsonb @> '{"a":[2]}'
-- ;
SELECT '{"a":[1,2],"c":"b"}'::jsonb @> '{"a":[3]}'
-- ;
SELECT '{"a":[1,2,{"c":3,"x":4}],"c":"b"}'::jsonb @> '{"a":[{"x":4}]}'
-- ;
insert into nestjsonb (j) values ('[[14,2,3]]')
-- ;
select * from nestjsonb where j @> '{"a":[[{"x":2}]]}'::jsonb
-- ;
SELECT '{"n":null,"a":1,"b":[1,2],"c":{"1":2},"d":{"1":[2,3]}}'::jsonb -> 'n'
-- ;
SELECT '{"n":null,"a":1,"b":[1,2],"c":{"1":2},"d":{"1":[2,3]}}'::jsonb -> 'a'
-- ;
SELECT '{"n":null,"a":1,"b":[1,2],"c":{"1":2},"d":{"1":[2,3]}}'::jsonb -> 'e'
-- ;
SELECT '["a","b","c",[1,2],null]'::jsonb -> 1
-- ;
SELECT '["a","b","c",[1,2],null]'::jsonb -> 2
-- ;
SELECT '["a","b","c",[1,2],null]'::jsonb -> 3 -> 1
-- ;
SELECT '["a","b","c",[1,2],null]'::jsonb -> -1
-- ;
SELECT '["a","b","c",[1,2],null]'::jsonb -> -6
-- ;
SELECT '{"a":"b","c":[1,2,3]}'::jsonb #> '{c}'
-- ;
SELECT '{"a":"b","c":[1,2,3]}'::jsonb #> '{c,0}'
-- ;
SELECT '{"a":"b","c":[1,2,3]}'::jsonb #> '{c,-4}'
-- ;
SELECT '[0,1,2,[3,4],{"5":"five"}]'::jsonb #> '{0}'
-- ;
SELECT '[0,1,2,[3,4],{"5":"five"}]'::jsonb #> '{4,5}'
-- ;
SELECT '{"n":null,"a":1,"b":[1,2],"c":{"1":2},"d":{"1":[2,3]}}'::jsonb ? 'd'
-- ;
SELECT '{"n":null,"a":1,"b":[1,2],"c":{"1":2},"d":{"1":[2,3]}}'::jsonb ? 'e'
-- ;
select jsonb_strip_nulls(null)
-- ;
select jsonb_strip_nulls('[1,2,null,3,4]')
-- ;
select jsonb_pretty('{"a": "test", "b": [1, 2, 3], "c": "test3", "d":{"dd": "test4", "dd2":{"ddd": "test5"}}}')
-- ;
select jsonb_pretty('[{"f1":1,"f2":null},2,null,[[{"x":true},6,7],8],3]')
-- ;
select jsonb_pretty('{"a":["b", "c"], "d": {"e":"f"}}')
-- ;
select '{"aa":1 , "b":2, "cq":3}'::jsonb || '{"aq":"l"}'
-- ;
select '{"aa":1 , "b":2, "cq":3}'::jsonb || '{"aa":"l"}'
-- ;
select '["a", "b"]'::jsonb || '"c"'
-- ;
select '"c"' || '["a", "b"]'::jsonb
-- ;
select '"b"'::jsonb || '"a"'::jsonb
-- ;
select '{}'::jsonb || '{"a":"b"}'::jsonb
-- ;
select '[]'::jsonb || '{"a":"b"}'::jsonb
-- ;
select '{"a":"b"}'::jsonb || '[]'::jsonb
-- ;
select '"a"'::jsonb || '{"a":1}'
-- ;
select '{"a":1}' || '"a"'::jsonb
-- ;
select '3'::jsonb || '{}'::jsonb
-- ;
select '["a", "b"]'::jsonb || '{"c":1}'
-- ;
select '{}'::jsonb || '{"cq":"l", "b":"g", "fg":false}'
-- ;
select pg_column_size('{"aa":1}'::jsonb || '{"b":2}'::jsonb) = pg_column_size('{"aa":1, "b":2}'::jsonb)
-- ;
select pg_column_size('{"aa":1, "b":2}'::jsonb || '{}'::jsonb) = pg_column_size('{"aa":1, "b":2}'::jsonb)
-- ;
select jsonb_delete('{"a":1 , "b":2, "c":3}'::jsonb, 'c')
-- ;
select jsonb_delete('{"a":1 , "b":2, "c":3}'::jsonb, 'd')
-- ;
select '{"a":1 , "b":2, "c":3}'::jsonb - 'd'
-- ;
select pg_column_size('{"a":1 , "b":2, "c":3}'::jsonb - 'b') = pg_column_size('{"a":1, "b":2}'::jsonb)
-- ;
select '["a","b","c"]'::jsonb - 3
-- ;
select '["a","b","c"]'::jsonb - -4
-- ;
select '{"a":1 , "b":2, "c":3}'::jsonb - '{b}'::text[]
-- ;
select '{"a":1 , "b":2, "c":3}'::jsonb - '{c,b}'::text[]
-- ;
select jsonb_set('{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb, '{n}', '[1,2,3]')
-- ;
select jsonb_set('{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb, '{b,-1}', '[1,2,3]')
-- ;
select jsonb_set('{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb, '{d,1,0}', '[1,2,3]')
-- ;
select jsonb_set('{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb, '{b,-1}', '{"1": 2}')
-- ;
select jsonb_set('{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb, '{d,1,0}', '{"1": 2}')
-- ;
select '{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb #- '{n}'
-- ;
select '{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb #- '{b,-1}'
-- ;
select '{"n":null, "a":1, "b":[1,2], "c":{"1":2}, "d":{"1":[2,3]}}'::jsonb #- '{d,1,0}'
-- ;
select '{}'::jsonb - 'a'
-- ;
select '{}'::jsonb -  1
-- ;
select '[]'::jsonb - 1
-- ;
select '"a"'::jsonb #- '{a}'
-- ;
select '[]'::jsonb #- '{a}'
-- ;
select jsonb_set('{}','{a}','"b"', false)
-- ;
select jsonb_set('[]','{1}','"b"', false)
-- ;
select jsonb_set('{"a":1,"b":[0,1,2],"c":{"d":4}}','{b,33}','{"foo":123}')
-- ;
select jsonb_set('{"a":1,"b":[4,5,[0,1,2],6,7],"c":{"d":4}}','{b,2,33}','{"foo":123}')
-- ;
select jsonb_set('{"a":1,"b":[0,1,2],"c":{"d":4}}','{c,e}','{"foo":123}')
-- ;
select jsonb_set('{"a":1,"b":[0,1,2],"c":{"d":4}}','{x,y}','{"foo":123}')
-- ;
select jsonb_set('[]','{0}','{"foo":123}')
-- ;
select jsonb_set('[]','{99}','{"foo":123}')
-- ;
select jsonb_set('[]','{-99}','{"foo":123}')
-- ;
select jsonb_set_lax('{"a":1,"b":2}','{b}',null)
-- ;
select jsonb_set_lax('{"a":1,"b":2}','{d}',null,true)
-- ;
select jsonb_set_lax('{"a":1,"b":2}', '{b}', null, true, null)
-- ;
select jsonb_set_lax('{"a":1,"b":2}', '{b}', null, null_value_treatment => 'raise_exception') as raise_exception
-- ;
select jsonb_set_lax('{"a":1,"b":2}', '{b}', null, null_value_treatment => 'delete_key') as delete_key
-- ;
select jsonb_set_lax('{"a":1,"b":2}', '{b}', null, null_value_treatment => 'use_json_null') as use_json_null
-- ;
select jsonb_insert('{"a": [0,1,2]}', '{a, 1}', '"new_value"')
-- ;
select jsonb_insert('{"a": [0,1,2]}', '{a, 1}', '{"b": "value"}')
-- ;
select jsonb_insert('{"a": [0,1,2]}', '{a, 0}', '"new_value"', true)
-- ;
select jsonb_insert('{"a": [0,1,2]}', '{a, 2}', '"new_value"', true)
-- ;
select jsonb_insert('{"a": [0,1,2]}', '{a, -1}', '"new_value"', true)
-- ;
select jsonb_insert('[]', '{1}', '"new_value"')
-- ;
select jsonb_insert('{"a": [0,1,2]}', '{a, 10}', '"new_value"')
-- ;
select jsonb_insert('{"a": {"b": "value"}}', '{a, c}', '"new_value"')
-- ;
select jsonb_insert('{"a": {"b": "value"}}', '{a, b}', '"new_value"')
-- ;
select jsonb_insert('{"a": {"b": "value"}}', '{a, b}', '"new_value"', true)
-- ;
select ('123'::jsonb)['a']
-- ;
select ('{"a": 1}'::jsonb)[0]
-- ;
select ('{"a": 1}'::jsonb)['not_exist']
-- ;
select ('{"a": 1}'::jsonb)[NULL]
-- ;
select ('[1, "2", null]'::jsonb)['a']
-- ;
select ('[1, "2", null]'::jsonb)[2]
-- ;
select ('[1, "2", null]'::jsonb)[1]['a']
-- ;
select ('[1, "2", null]'::jsonb)[1][0]
-- ;
select ('{"a": 1, "b": "c", "d": [1, 2, 3]}'::jsonb)['d']
-- ;
select ('[1, "2", null]'::jsonb)[:2]
-- ;
select ('[1, "2", null]'::jsonb)[1:]
-- ;
insert into test_jsonb_subscript values
(1, '{}'), -- empty jsonb
(2, '{"key": "value"}')
-- ;
update test_jsonb_subscript set test_json['a'] = '1' where id = 1
-- ;
select * from test_jsonb_subscript
-- ;
update test_jsonb_subscript set test_json['a'] = '"test"'
-- ;
select * from test_jsonb_subscript where test_json['key'] = '"value"'
-- ;
update test_jsonb_subscript set test_json[NULL] = '1'
-- ;
update test_jsonb_subscript set test_json['another_key'] = NULL
-- ;
update test_jsonb_subscript set test_json = NULL where id = 3
-- ;
update test_jsonb_subscript set test_json[-4] = '1'
-- ;
delete from test_jsonb_subscript
-- ;
update test_jsonb_subscript set test_json['a'][2]['b'][2]['c'][2] = '1'
-- ;
update test_jsonb_subscript set test_json['a']['b'][10] = '1'
-- ;
update test_jsonb_subscript set test_json['a'][10][10] = '1'
-- ;
update test_jsonb_subscript set test_json['a']['b']['c'][2] = '1'
-- ;
update test_jsonb_subscript set test_json['a'][1]['c'][2] = '1'
-- ;
update test_jsonb_subscript set test_json['a']['b']['c'] = '1'
-- ;
update test_jsonb_subscript set test_json['a'][0] = '1'
-- ;
update test_jsonb_subscript set test_json['a'][0]['c'] = '1'
-- ;
update test_jsonb_subscript set test_json[0][0] = '1'
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, '"key"')
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, '"string"')
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, '"numeric"')
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, '"boolean"')
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, '["string", "numeric"]')
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, '"all"')
-- ;
select to_tsvector('[]'::jsonb)
-- ;
select to_tsvector('null'::jsonb)
-- ;
select jsonb_to_tsvector('[]'::jsonb, '"all"')
-- ;
select jsonb_to_tsvector('null'::jsonb, '"all"')
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, 'null')
-- ;
select jsonb_to_tsvector('english', '{"a": "aaa in bbb", "b": 123, "c": 456, "d": true, "f": false, "g": null}'::jsonb, '["all", null]')
-- ;
select ts_headline('{"a": "aaa bbb", "b": {"c": "ccc ddd fff", "c1": "ccc1 ddd1"}, "d": ["ggg hhh", "iii jjj"]}'::jsonb, tsquery('bbb & ddd & hhh'))
-- ;
select ts_headline('english', '{"a": "aaa bbb", "b": {"c": "ccc ddd fff", "c1": "ccc1 ddd1"}, "d": ["ggg hhh", "iii jjj"]}'::jsonb, tsquery('bbb & ddd & hhh'), 'StartSel = <, StopSel = >')
-- ;
select ts_headline('null'::jsonb, tsquery('aaa & bbb'))
-- ;
select ts_headline('{}'::jsonb, tsquery('aaa & bbb'))
-- ;
select ts_headline('[]'::jsonb, tsquery('aaa & bbb'))
-- ;
select '12345'::jsonb::int4
-- ;
select '{}'::jsonb::numeric
-- ;
select '12345.0000000000000000000000000000000000000000000005'::jsonb::float8
-- ;
select '12345.0000000000000000000000000000000000000000000005'::jsonb::int2
-- ;
CREATE TEMP TABLE pcachetest AS SELECT * FROM int8_tbl
-- ;
PREPARE prepstmt AS SELECT * FROM pcachetest
-- ;
EXECUTE prepstmt
-- ;
PREPARE prepstmt2(bigint) AS SELECT * FROM pcachetest WHERE q1 = $1
-- ;
EXECUTE prepstmt2(123)
-- ;
CREATE TEMP TABLE pcachetest AS SELECT * FROM int8_tbl ORDER BY 2
-- ;
CREATE TEMP VIEW pcacheview AS
  SELECT * FROM pcachetest
-- ;
PREPARE vprep AS SELECT * FROM pcacheview
-- ;
EXECUTE vprep
-- ;
CREATE OR REPLACE TEMP VIEW pcacheview AS
  SELECT q1, q2/2 AS q2 FROM pcachetest
-- ;
select cache_test(1)
-- ;
select cache_test(2)
-- ;
select cache_test(3)
-- ;
create temp view v1 as
  select 2+2 as f1
-- ;
select cache_test_2()
-- ;
create or replace temp view v1 as
  select 2+2+4 as f1
-- ;
create or replace temp view v1 as
  select 2+2+4+(select max(unique1) from tenk1) as f1
-- ;
insert into s1.abc values(123)
-- ;
insert into s2.abc values(456)
-- ;
prepare p1 as select f1 from abc
-- ;
select f1 from abc
-- ;
prepare p2 as select nextval('seq')
-- ;
create function cachebug() returns void as $$
declare r int;
begin
  drop table if exists temptable cascade;
  create temp table temptable as select * from generate_series(1,3) as f1;
  create temp view vv as select * from temptable;
  for r in select * from vv loop
    raise notice '%', r;
  end loop;
end$$ language plpgsql
-- ;
select cachebug()
-- ;
prepare pstmt_def_insert (int) as insert into pc_list_part_def values($1)
-- ;
execute pstmt_def_insert(null)
-- ;
execute pstmt_def_insert(1)
-- ;
execute pstmt_def_insert(2)
-- ;
insert into test_mode select 1 from generate_series(1,1000) union all select 2
-- ;
prepare test_mode_pp (int) as select count(*) from test_mode where a = $1
-- ;
select name, generic_plans, custom_plans from pg_prepared_statements
  where  name = 'test_mode_pp'
-- ;
explain (costs off) execute test_mode_pp(2)
-- ;
execute test_mode_pp(1)
-- ;
INSERT INTO inhe VALUES ('ee-col1', 'ee-col2', DEFAULT, 'ee-col4')
-- ;
SELECT * FROM inhe
-- ;
SELECT * FROM inhx
-- ;
SELECT * FROM ctlb
-- ;
SELECT * FROM ctla
-- ;
INSERT INTO inhf DEFAULT VALUES
-- ;
SELECT * FROM inhf
-- ;
INSERT INTO inhg VALUES ('foo')
-- ;
INSERT INTO inhg VALUES ('x', 'text', 'y')
-- ;
SELECT * FROM inhg
-- ;
INSERT INTO test_like_id_1 (b) VALUES ('b1')
-- ;
SELECT * FROM test_like_id_1
-- ;
INSERT INTO test_like_id_2 (b) VALUES ('b2')
-- ;
SELECT * FROM test_like_id_2
-- ;
INSERT INTO test_like_id_3 (b) VALUES ('b3')
-- ;
SELECT * FROM test_like_id_3
-- ;
INSERT INTO test_like_gen_1 (a) VALUES (1)
-- ;
SELECT * FROM test_like_gen_1
-- ;
INSERT INTO test_like_gen_2 (a) VALUES (1)
-- ;
SELECT * FROM test_like_gen_2
-- ;
INSERT INTO test_like_gen_3 (a) VALUES (1)
-- ;
SELECT * FROM test_like_gen_3
-- ;
INSERT INTO test_like_4a (a) VALUES(11)
-- ;
SELECT a, b, c FROM test_like_4a
-- ;
INSERT INTO test_like_4b (a) VALUES(11)
-- ;
SELECT a, b, c FROM test_like_4b
-- ;
INSERT INTO test_like_4c (a) VALUES(11)
-- ;
SELECT a, b, c FROM test_like_4c
-- ;
INSERT INTO test_like_4d (a) VALUES(11)
-- ;
SELECT a, b, c FROM test_like_4d
-- ;
INSERT INTO inhg VALUES (5, 10)
-- ;
INSERT INTO inhg (xx, yy, x) VALUES ('test', 5, 10)
-- ;
SELECT description FROM pg_description, pg_constraint c WHERE classoid = 'pg_constraint'::regclass AND objoid = c.oid AND c.conrelid = 'ctlt1_inh'::regclass
-- ;
SELECT description FROM pg_description, pg_constraint c WHERE classoid = 'pg_constraint'::regclass AND objoid = c.oid AND c.conrelid = 'ctlt13_like'::regclass
-- ;
SELECT c.relname, objsubid, description FROM pg_description, pg_index i, pg_class c WHERE classoid = 'pg_class'::regclass AND objoid = i.indexrelid AND c.oid = i.indexrelid AND i.indrelid = 'ctlt_all'::regclass ORDER BY c.relname, objsubid
-- ;
SELECT s.stxname, objsubid, description FROM pg_description, pg_statistic_ext s WHERE classoid = 'pg_statistic_ext'::regclass AND objoid = s.oid AND s.stxrelid = 'ctlt_all'::regclass ORDER BY s.stxname, objsubid
-- ;
CREATE VIEW ctlv1 AS SELECT * FROM ctlt4
-- ;
SELECT s.stxrelid::regclass AS relation,
       array_agg(a.attname ORDER BY u.ord) AS stats_columns
FROM pg_statistic_ext s
CROSS JOIN LATERAL
  unnest(s.stxkeys::int2[]) WITH ORDINALITY AS u(attnum, ord)
JOIN pg_attribute a
  ON a.attrelid = s.stxrelid AND a.attnum = u.attnum
WHERE s.stxrelid IN ('ctl_stats3_child'::regclass,
                     'ctl_stats4_child'::regclass)
GROUP BY s.stxrelid
ORDER BY s.stxrelid::regclass::text
-- ;
INSERT INTO tidscan VALUES (1), (2), (3)
-- ;
SELECT ctid, * FROM tidscan
-- ;
EXPLAIN (COSTS OFF)
SELECT ctid, * FROM tidscan WHERE ctid = '(0,1)'
-- ;
SELECT ctid, * FROM tidscan WHERE ctid = '(0,1)'
-- ;
EXPLAIN (COSTS OFF)
SELECT ctid, * FROM tidscan WHERE '(0,1)' = ctid
-- ;
SELECT ctid, * FROM tidscan WHERE '(0,1)' = ctid
-- ;
EXPLAIN (COSTS OFF)
SELECT ctid, * FROM tidscan WHERE ctid = '(0,2)' OR '(0,1)' = ctid
-- ;
SELECT ctid, * FROM tidscan WHERE ctid = '(0,2)' OR '(0,1)' = ctid
-- ;
EXPLAIN (COSTS OFF)
SELECT ctid, * FROM tidscan WHERE ctid = ANY(ARRAY['(0,1)', '(0,2)']::tid[])
-- ;
SELECT ctid, * FROM tidscan WHERE ctid = ANY(ARRAY['(0,1)', '(0,2)']::tid[])
-- ;
EXPLAIN (COSTS OFF)
SELECT ctid, * FROM tidscan WHERE ctid != ANY(ARRAY['(0,1)', '(0,2)']::tid[])
-- ;
SELECT ctid, * FROM tidscan WHERE ctid != ANY(ARRAY['(0,1)', '(0,2)']::tid[])
-- ;
EXPLAIN (COSTS OFF)
SELECT ctid, * FROM tidscan
WHERE (id = 3 AND ctid IN ('(0,2)', '(0,3)')) OR (ctid = '(0,1)' AND id = 1)
-- ;
SELECT ctid, * FROM tidscan
WHERE (id = 3 AND ctid IN ('(0,2)', '(0,3)')) OR (ctid = '(0,1)' AND id = 1)
-- ;
EXPLAIN (COSTS OFF)
SELECT t1.ctid, t1.*, t2.ctid, t2.*
FROM tidscan t1 JOIN tidscan t2 ON t1.ctid = t2.ctid WHERE t1.id = 1
-- ;
SELECT t1.ctid, t1.*, t2.ctid, t2.*
FROM tidscan t1 JOIN tidscan t2 ON t1.ctid = t2.ctid WHERE t1.id = 1
-- ;
EXPLAIN (COSTS OFF)
SELECT t1.ctid, t1.*, t2.ctid, t2.*
FROM tidscan t1 LEFT JOIN tidscan t2 ON t1.ctid = t2.ctid WHERE t1.id = 1
-- ;
SELECT t1.ctid, t1.*, t2.ctid, t2.*
FROM tidscan t1 LEFT JOIN tidscan t2 ON t1.ctid = t2.ctid WHERE t1.id = 1
-- ;
DECLARE c CURSOR FOR
SELECT ctid, * FROM tidscan WHERE ctid = ANY(ARRAY['(0,1)', '(0,2)']::tid[])
-- ;
DECLARE c CURSOR FOR SELECT ctid, * FROM tidscan
-- ;
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF)
UPDATE tidscan SET id = -id WHERE CURRENT OF c RETURNING *
-- ;
SELECT * FROM tidscan
-- ;
EXPLAIN (COSTS OFF)
SELECT count(*) FROM tenk1 t1 JOIN tenk1 t2 ON t1.ctid = t2.ctid
-- ;
SELECT count(*) FROM tenk1 t1 JOIN tenk1 t2 ON t1.ctid = t2.ctid
-- ;
SELECT * FROM tidscan WHERE ctid = '(0,1)'
-- ;
SELECT locktype, mode FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'SIReadLock'
-- ;
SELECT explain_memoize('
SELECT COUNT(*),AVG(t1.unique1) FROM tenk1 t1
INNER JOIN tenk1 t2 ON t1.unique1 = t2.twenty
WHERE t2.unique1 < 1000;', false)
-- ;
SELECT COUNT(*),AVG(t1.unique1) FROM tenk1 t1
INNER JOIN tenk1 t2 ON t1.unique1 = t2.twenty
WHERE t2.unique1 < 1000
-- ;
SELECT explain_memoize('
SELECT COUNT(*),AVG(t2.unique1) FROM tenk1 t1,
LATERAL (SELECT t2.unique1 FROM tenk1 t2
         WHERE t1.twenty = t2.unique1 OFFSET 0) t2
WHERE t1.unique1 < 1000;', false)
-- ;
SELECT COUNT(*),AVG(t2.unique1) FROM tenk1 t1,
LATERAL (SELECT t2.unique1 FROM tenk1 t2
         WHERE t1.twenty = t2.unique1 OFFSET 0) t2
WHERE t1.unique1 < 1000
-- ;
INSERT INTO expr_key (x, t)
SELECT d1::numeric, d1::text FROM (
    SELECT round((d / pi())::numeric, 7) AS d1 FROM generate_series(1, 20) AS d
) t
-- ;
INSERT INTO expr_key SELECT * FROM expr_key
-- ;
SELECT explain_memoize('
SELECT * FROM expr_key t1 INNER JOIN expr_key t2
ON t1.x = t2.t::numeric AND t1.t::numeric = t2.x;', false)
-- ;
SELECT explain_memoize('
SELECT COUNT(*),AVG(t1.unique1) FROM tenk1 t1
INNER JOIN tenk1 t2 ON t1.unique1 = t2.thousand
WHERE t2.unique1 < 1200;', true)
-- ;
INSERT INTO flt VALUES('-0.0'::float),('+0.0'::float)
-- ;
SELECT explain_memoize('
SELECT * FROM flt f1 INNER JOIN flt f2 ON f1.f = f2.f;', false)
-- ;
SELECT explain_memoize('
SELECT * FROM flt f1 INNER JOIN flt f2 ON f1.f >= f2.f;', false)
-- ;
INSERT INTO strtest VALUES('one','one'),('two','two'),('three',repeat(md5('three'),100))
-- ;
INSERT INTO strtest SELECT * FROM strtest
-- ;
SELECT explain_memoize('
SELECT * FROM strtest s1 INNER JOIN strtest s2 ON s1.n >= s2.n;', false)
-- ;
SELECT explain_memoize('
SELECT * FROM strtest s1 INNER JOIN strtest s2 ON s1.t >= s2.t;', false)
-- ;
INSERT INTO prt VALUES (0), (0), (0), (0)
-- ;
SELECT explain_memoize('
SELECT * FROM prt t1 INNER JOIN prt t2 ON t1.a = t2.a;', false)
-- ;
EXPLAIN (COSTS OFF)
SELECT unique1 FROM tenk1 t0
WHERE unique1 < 3
  AND EXISTS (
	SELECT 1 FROM tenk1 t1
	INNER JOIN tenk1 t2 ON t1.unique1 = t2.hundred
	WHERE t0.ten = t1.twenty AND t0.two <> t2.four OFFSET 0)
-- ;
SELECT unique1 FROM tenk1 t0
WHERE unique1 < 3
  AND EXISTS (
	SELECT 1 FROM tenk1 t1
	INNER JOIN tenk1 t2 ON t1.unique1 = t2.hundred
	WHERE t0.ten = t1.twenty AND t0.two <> t2.four OFFSET 0)
-- ;
EXPLAIN (COSTS OFF)
SELECT COUNT(*),AVG(t2.unique1) FROM tenk1 t1,
LATERAL (SELECT t2.unique1 FROM tenk1 t2 WHERE t1.twenty = t2.unique1) t2
WHERE t1.unique1 < 1000
-- ;
SELECT COUNT(*),AVG(t2.unique1) FROM tenk1 t1,
LATERAL (SELECT t2.unique1 FROM tenk1 t2 WHERE t1.twenty = t2.unique1) t2
WHERE t1.unique1 < 1000
-- ;
explain (costs off)
  select round(avg(aa)), sum(aa) from a_star
-- ;
select round(avg(aa)), sum(aa) from a_star a1
-- ;
select round(avg(aa)), sum(aa) from a_star a2
-- ;
select round(avg(aa)), sum(aa) from a_star a3
-- ;
select round(avg(aa)), sum(aa) from a_star a4
-- ;
create function sp_test_func() returns setof text as
$$ select 'foo'::varchar union all select 'bar'::varchar $$
language sql stable
-- ;
select sp_test_func() order by 1
-- ;
explain (costs off)
	select (select max((select pa1.b from part_pa_test pa1 where pa1.a = pa2.a)))
	from part_pa_test pa2
-- ;
explain (costs off)
  select count(*) from tenk1 where stringu1 = 'GRAAAA'
-- ;
select count(*) from tenk1 where stringu1 = 'GRAAAA'
-- ;
explain (verbose, costs off)
select sp_parallel_restricted(unique1) from tenk1
  where stringu1 = 'GRAAAA' order by 1
-- ;
explain (costs off)
	select length(stringu1) from tenk1 group by length(stringu1)
-- ;
select length(stringu1) from tenk1 group by length(stringu1)
-- ;
explain (costs off)
	select stringu1, count(*) from tenk1 group by stringu1 order by stringu1
-- ;
explain (costs off)
	select  sum(sp_parallel_restricted(unique1)) from tenk1
	group by(sp_parallel_restricted(unique1))
-- ;
prepare tenk1_count(integer) As select  count((unique1)) from tenk1 where hundred > $1
-- ;
explain (costs off) execute tenk1_count(1)
-- ;
execute tenk1_count(1)
-- ;
explain (costs off)
	select count(*) from tenk1 where (two, four) not in
	(select hundred, thousand from tenk2 where thousand > 100)
-- ;
select count(*) from tenk1 where (two, four) not in
	(select hundred, thousand from tenk2 where thousand > 100)
-- ;
explain (costs off)
	select * from tenk1 where (unique1 + random())::integer not in
	(select ten from tenk2)
-- ;
explain (costs off)
	select count(*) from tenk1
        where tenk1.unique1 = (Select max(tenk2.unique1) from tenk2)
-- ;
select count(*) from tenk1
    where tenk1.unique1 = (Select max(tenk2.unique1) from tenk2)
-- ;
explain (costs off)
	select  count((unique1)) from tenk1 where hundred > 1
-- ;
select  count((unique1)) from tenk1 where hundred > 1
-- ;
explain (costs off)
	select  count(*) from tenk1 where thousand > 95
-- ;
select  count(*) from tenk1 where thousand > 95
-- ;
explain (costs off)
select * from
  (select count(unique1) from tenk1 where hundred > 10) ss
  right join (values (1),(2),(3)) v(x) on true
-- ;
select * from
  (select count(unique1) from tenk1 where hundred > 10) ss
  right join (values (1),(2),(3)) v(x) on true
-- ;
explain (costs off)
select * from
  (select count(*) from tenk1 where thousand > 99) ss
  right join (values (1),(2),(3)) v(x) on true
-- ;
select * from
  (select count(*) from tenk1 where thousand > 99) ss
  right join (values (1),(2),(3)) v(x) on true
-- ;
explain (costs off)
select count(*) from tenk1
  left join (select tenk2.unique1 from tenk2 order by 1 limit 1000) ss
  on tenk1.unique1 < ss.unique1 + 1
  where tenk1.unique1 < 2
-- ;
select count(*) from tenk1
  left join (select tenk2.unique1 from tenk2 order by 1 limit 1000) ss
  on tenk1.unique1 < ss.unique1 + 1
  where tenk1.unique1 < 2
-- ;
explain (costs off)
	select count(*) from tenk1, tenk2 where tenk1.hundred > 1 and tenk2.thousand=0
-- ;
select count(*) from tenk1, tenk2 where tenk1.hundred > 1 and tenk2.thousand=0
-- ;
insert into bmscantest select r, 'fooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo' FROM generate_series(1,100000) r
-- ;
select count(*) from bmscantest where a>1
-- ;
explain (analyze, timing off, summary off, costs off)
   select count(*) from tenk1, tenk2 where tenk1.hundred > 1
        and tenk2.thousand=0
-- ;
select * from explain_parallel_sort_stats()
-- ;
explain (costs off)
	select  count(*) from tenk1, tenk2 where tenk1.unique1 = tenk2.unique1
-- ;
select  count(*) from tenk1, tenk2 where tenk1.unique1 = tenk2.unique1
-- ;
explain (costs off)
   select count(*) from tenk1 group by twenty
-- ;
select count(*) from tenk1 group by twenty
-- ;
explain (costs off, verbose)
    select ten, sp_simple_func(ten) from tenk1 where ten < 100 order by ten
-- ;
explain (costs off)
   select count(*), generate_series(1,2) from tenk1 group by twenty
-- ;
select count(*), generate_series(1,2) from tenk1 group by twenty
-- ;
explain (costs off)
select * from
  (select string4, count(unique2)
   from tenk1 group by string4 order by string4) ss
  right join (values (1),(2),(3)) v(x) on true
-- ;
select * from
  (select string4, count(unique2)
   from tenk1 group by string4 order by string4) ss
  right join (values (1),(2),(3)) v(x) on true
-- ;
explain (costs off)
select avg(unique1::int8) from tenk1
-- ;
select avg(unique1::int8) from tenk1
-- ;
explain (costs off)
  select fivethous from tenk1 order by fivethous limit 4
-- ;
select fivethous from tenk1 order by fivethous limit 4
-- ;
explain (costs off)
   select string4 from tenk1 order by string4 limit 5
-- ;
select string4 from tenk1 order by string4 limit 5
-- ;
explain (costs off)
  select stringu1::int2 from tenk1 where unique1 = 1
-- ;
SELECT make_record(x) FROM (SELECT generate_series(1, 5) x) ss ORDER BY x
-- ;
select count(*) from tenk1
-- ;
explain (costs off, verbose)
  select count(*) from tenk1 a where (unique1, two) in
    (select unique1, row_number() over() from tenk1 b)
-- ;
explain (costs off)
  select * from tenk1 a where two in
    (select two from tenk1 b where stringu1 like '%AAAA' limit 3)
-- ;
EXPLAIN (analyze, timing off, summary off, costs off) SELECT * FROM tenk1
-- ;
select (stringu1 || repeat('abcd', 5000))::int2 from tenk1 where unique1 = 1
-- ;
EXPLAIN (COSTS OFF)
SELECT unique1 FROM tenk1 WHERE fivethous = tenthous + 1
UNION ALL
SELECT unique1 FROM tenk1 WHERE fivethous = tenthous + 1
-- ;
EXPLAIN (COSTS OFF)
SELECT unique1 FROM tenk1 WHERE fivethous =
	(SELECT unique1 FROM tenk1 WHERE fivethous = 1 LIMIT 1)
UNION ALL
SELECT unique1 FROM tenk1 WHERE fivethous =
	(SELECT unique2 FROM tenk1 WHERE fivethous = 1 LIMIT 1)
ORDER BY 1
-- ;
SELECT * FROM information_schema.foreign_data_wrapper_options
ORDER BY 1, 2, 3
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT generate_series(1, two), array(select generate_series(1, two))
  FROM tenk1 ORDER BY tenthous
-- ;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT unnest(ARRAY[]::integer[]) + 1 AS pathkey
  FROM tenk1 t1 JOIN tenk1 t2 ON TRUE
  ORDER BY pathkey
-- ;
INSERT INTO fooarr VALUES('1', ARRAY[1,2], 'one')
-- ;
PREPARE pstmt(text, int[]) AS SELECT * FROM fooarr WHERE f1 = $1 AND f2 = $2
-- ;
EXPLAIN (COSTS OFF) EXECUTE pstmt('1', make_some_array(1,2))
-- ;
EXECUTE pstmt('1', make_some_array(1,2))
-- ;
CREATE VIEW tenk1_vw_sec WITH (security_barrier) AS SELECT * FROM tenk1
-- ;
EXPLAIN (COSTS OFF)
SELECT 1 FROM tenk1_vw_sec
  WHERE (SELECT sum(f1) FROM int4_tbl WHERE f1 < unique1) < 100
-- ;
create function set_role_and_error(int) returns int as
  $$ select 1 / $1 $$ language sql parallel safe
  set role = regress_parallel_worker
-- ;
select set_and_report_role()
-- ;
select set_role_and_error(0)
-- ;
INSERT INTO parallel_hang
	(SELECT * FROM generate_series(1, 400) gs)
-- ;
DELETE FROM parallel_hang WHERE 380 <= i AND i <= 420
-- ;
SELECT attrelid, attname, attidentity FROM pg_attribute WHERE attidentity NOT IN ('', 'a', 'd')
-- ;
SELECT sequence_name FROM information_schema.sequences WHERE sequence_name LIKE 'itest%'
-- ;
INSERT INTO itest2 DEFAULT VALUES
-- ;
SELECT * FROM itest3
-- ;
SELECT * FROM itest4
-- ;
INSERT INTO itest5 VALUES (DEFAULT, 'a')
-- ;
INSERT INTO itest5 VALUES (DEFAULT, 'b'), (3, 'c')
-- ;
INSERT INTO itest5 OVERRIDING SYSTEM VALUE VALUES (-1, 'aa')
-- ;
INSERT INTO itest5 OVERRIDING SYSTEM VALUE VALUES (DEFAULT, 'dd'), (-4, 'ee')
-- ;
INSERT INTO itest5 OVERRIDING SYSTEM VALUE VALUES (DEFAULT, 'hh'), (DEFAULT, 'ii')
-- ;
INSERT INTO itest5 OVERRIDING USER VALUE VALUES (DEFAULT, 'hhh'), (DEFAULT, 'iii')
-- ;
INSERT INTO itest1 OVERRIDING SYSTEM VALUE VALUES (20, 'xyz')
-- ;
INSERT INTO itest2 OVERRIDING SYSTEM VALUE VALUES (20, 'xyz')
-- ;
INSERT INTO itest2 OVERRIDING USER VALUE VALUES (30, 'xyz')
-- ;
SELECT * FROM itest2
-- ;
SELECT sequence_name FROM itest4_a_seq
-- ;
INSERT INTO itestv10 DEFAULT VALUES
-- ;
INSERT INTO itestv11 DEFAULT VALUES
-- ;
INSERT INTO itestv10 OVERRIDING USER VALUE VALUES (11, 'xyz')
-- ;
INSERT INTO itestv11 OVERRIDING SYSTEM VALUE VALUES (11, 'xyz')
-- ;
SELECT * FROM itest13
-- ;
SELECT table_name, column_name, is_identity, identity_generation FROM information_schema.columns WHERE table_name = 'itest6' ORDER BY 1, 2
-- ;
SELECT * FROM itest7c
-- ;
INSERT INTO itest8 DEFAULT VALUES
-- ;
SELECT * FROM itest8
-- ;
MERGE INTO itest15 t
USING (SELECT 20 AS s_a, 'inserted by merge' AS s_b) s
ON t.a = s.s_a
WHEN NOT MATCHED THEN
	INSERT (a, b) OVERRIDING USER VALUE VALUES (s.s_a, s.s_b)
-- ;
MERGE INTO itest16 t
USING (SELECT 20 AS s_a, 'inserted by merge' AS s_b) s
ON t.a = s.s_a
WHEN NOT MATCHED THEN
	INSERT (a, b) OVERRIDING USER VALUE VALUES (s.s_a, s.s_b)
-- ;
MERGE INTO itest16 t
USING (SELECT 30 AS s_a, 'inserted by merge' AS s_b) s
ON t.a = s.s_a
WHEN NOT MATCHED THEN
	INSERT (a, b) OVERRIDING SYSTEM VALUE VALUES (s.s_a, s.s_b)
-- ;
SELECT * FROM itest15
-- ;
SELECT relname, relpersistence FROM pg_class
  WHERE relname ~ '^identity_dump_' ORDER BY 1
-- ;
INSERT INTO xmltest VALUES (2, '<value>two</value>')
-- ;
SELECT xmlcomment('test')
-- ;
SELECT xmlcomment('--test')
-- ;
SELECT xmlcomment('te st')
-- ;
SELECT xmlconcat(xmlcomment('hello'),
                 xmlelement(NAME qux, 'foo'),
                 xmlcomment('world'))
-- ;
SELECT xmlconcat('bad', '<syntax')
-- ;
SELECT xmlconcat('<foo/>', NULL, '<?xml version="1.1" standalone="no"?><bar/>')
-- ;
SELECT xmlconcat('<?xml version="1.1"?><foo/>', NULL, '<?xml version="1.1" standalone="no"?><bar/>')
-- ;
SELECT xmlelement(name element, xmlelement(name nested, 'stuff'))
-- ;
SELECT xmlelement(name employee, xmlforest(name, age, salary as pay)) FROM emp
-- ;
SELECT xmlelement(name duplicate, xmlattributes(1 as a, 2 as b, 3 as a))
-- ;
SELECT xmlelement(name num, 37)
-- ;
SELECT xmlelement(name foo, xml 'bar')
-- ;
SELECT xmlelement(name foo, text 'b<a/>r')
-- ;
SELECT xmlelement(name foo, xml 'b<a/>r')
-- ;
SELECT xmlelement(name foo, array[1, 2, 3])
-- ;
SELECT xmlelement(name foo, bytea 'bar')
-- ;
SELECT xmlparse(content '  ')
-- ;
SELECT xmlparse(content '<invalidentity>&</invalidentity>')
-- ;
SELECT xmlparse(content '<twoerrors>&idontexist;</unbalanced>')
-- ;
SELECT xmlparse(content '<nosuchprefix:tag/>')
-- ;
SELECT xmlparse(document '   ')
-- ;
SELECT xmlparse(document '<undefinedentity>&idontexist;</abc>')
-- ;
SELECT xmlparse(document '<relativens xmlns=''relative''/>')
-- ;
SELECT xmlparse(document '<nosuchprefix:tag/>')
-- ;
SELECT xmlpi(name xml, null)
-- ;
SELECT xmlpi(name foo, '   bar')
-- ;
SELECT xmlroot(xml '<foo/>', version no value, standalone yes)
-- ;
SELECT xmlroot(xmlroot(xml '<foo/>', version '1.0'), version '1.1', standalone no)
-- ;
SELECT xmlroot('<?xml version="1.1" standalone="yes"?><foo/>', version no value, standalone no)
-- ;
SELECT xmlroot('<?xml version="1.1" standalone="yes"?><foo/>', version no value, standalone no value)
-- ;
SELECT xmlroot (
  xmlelement (
    name gazonk,
    xmlattributes (
      'val' AS name,
      1 + 1 AS num
    ),
    xmlelement (
      NAME qux,
      'foo'
    )
  ),
  version '1.0',
  standalone yes
)
-- ;
SELECT xmlserialize(content 'good' as char(10))
-- ;
SELECT xmlserialize(document 'bad' as text)
-- ;
SELECT xml '<foo>bar</foo><bar>foo</bar>' IS DOCUMENT
-- ;
SELECT xml '<abc/>' IS NOT DOCUMENT
-- ;
SELECT xml 'abc' IS NOT DOCUMENT
-- ;
SELECT '<>' IS NOT DOCUMENT
-- ;
SELECT xmlpi(name ":::_xml_abc135.%-&_")
-- ;
SELECT xmlpi(name "123")
-- ;
SELECT xml '<!DOCTYPE a><a/><b/>'
-- ;
EXECUTE foo ('good')
-- ;
SELECT xml '<?xml version="1.0"?> <!-- hi--> <!DOCTYPE a><a/>'
-- ;
SELECT xml '<!DOCTYPE a><a/>'
-- ;
SELECT xml '<!-- hi--> <oops/> <!DOCTYPE a><a/>'
-- ;
CREATE VIEW xmlview2 AS SELECT xmlconcat('hello', 'you')
-- ;
CREATE VIEW xmlview7 AS SELECT xmlroot(xml '<foo/>', version no value, standalone yes)
-- ;
CREATE VIEW xmlview8 AS SELECT xmlserialize(content 'good' as char(10))
-- ;
SELECT xpath(NULL, NULL) IS NULL FROM xmltest
-- ;
SELECT xpath('//text()', '<local:data xmlns:local="http://127.0.0.1"><local:piece id="1">number one</local:piece><local:piece id="2" /></local:data>')
-- ;
SELECT xpath('//loc:piece/@id', '<local:data xmlns:local="http://127.0.0.1"><local:piece id="1">number one</local:piece><local:piece id="2" /></local:data>', ARRAY[ARRAY['loc', 'http://127.0.0.1']])
-- ;
SELECT xpath('//loc:piece', '<local:data xmlns:local="http://127.0.0.1"><local:piece id="1">number one</local:piece><local:piece id="2" /></local:data>', ARRAY[ARRAY['loc', 'http://127.0.0.1']])
-- ;
SELECT xpath('//loc:piece', '<local:data xmlns:local="http://127.0.0.1" xmlns="http://127.0.0.2"><local:piece id="1"><internal>number one</internal><internal2/></local:piece><local:piece id="2" /></local:data>', ARRAY[ARRAY['loc', 'http://127.0.0.1']])
-- ;
SELECT xpath('//b', '<a>one <b>two</b> three <b>etc</b></a>')
-- ;
SELECT xpath('//text()', '<root>&lt;</root>')
-- ;
SELECT xpath('''<<invalid>>''', '<root/>')
-- ;
SELECT xpath('/nosuchtag', '<root/>')
-- ;
SELECT COUNT(id) FROM xmltest WHERE xmlexists('/menu/beers' PASSING BY REF data)
-- ;
SELECT COUNT(id) FROM xmltest WHERE xmlexists('/menu/beers/name[text() = ''Molson'']' PASSING BY REF data)
-- ;
SELECT COUNT(id) FROM xmltest WHERE xpath_exists('/menu/beer',data)
-- ;
SELECT COUNT(id) FROM xmltest WHERE xpath_exists('/myns:menu/myns:beer',data,ARRAY[ARRAY['myns','http://myns.com']])
-- ;
SELECT COUNT(id) FROM xmltest WHERE xpath_exists('/myns:menu/myns:beers/myns:name[text() = ''Molson'']',data,ARRAY[ARRAY['myns','http://myns.com']])
-- ;
SELECT xml_is_well_formed_document('<foo>bar</foo>')
-- ;
SELECT xml_is_well_formed('abc')
-- ;
SELECT xml_is_well_formed('<>')
-- ;
SELECT xml_is_well_formed('<pg:foo xmlns:pg="http://postgresql.org/stuff">bar</my:foo>')
-- ;
SELECT xml_is_well_formed('<pg:foo xmlns:pg="http://postgresql.org/stuff">bar</pg:foo>')
-- ;
SELECT xml_is_well_formed('<undefinedentity>&idontexist;</abc>')
-- ;
SELECT xml_is_well_formed('<invalidns xmlns=''&lt;''/>')
-- ;
SELECT xml_is_well_formed('<relativens xmlns=''relative''/>')
-- ;
SELECT xml_is_well_formed('<twoerrors>&idontexist;</unbalanced>')
-- ;
SELECT xpath('/*', '<nosuchprefix:tag/>')
-- ;
SELECT XMLPARSE(DOCUMENT '<!DOCTYPE foo [<!ENTITY c SYSTEM "/etc/no.such.file">]><foo>&c;</foo>')
-- ;
SELECT XMLPARSE(DOCUMENT '<!DOCTYPE chapter PUBLIC "-//OASIS//DTD DocBook XML V4.1.2//EN" "http://www.oasis-open.org/docbook/xml/4.1.2/docbookx.dtd"><chapter>&nbsp;</chapter>')
-- ;
SELECT * FROM XMLTABLE(XMLNAMESPACES('http://x.y' AS zz),
                      '/zz:rows/zz:row'
                      PASSING '<rows xmlns="http://x.y"><row><a>10</a></row></rows>'
                      COLUMNS a int PATH 'zz:a')
-- ;
CREATE VIEW xmltableview2 AS SELECT * FROM XMLTABLE(XMLNAMESPACES('http://x.y' AS "Zz"),
                      '/Zz:rows/Zz:row'
                      PASSING '<rows xmlns="http://x.y"><row><a>10</a></row></rows>'
                      COLUMNS a int PATH 'Zz:a')
-- ;
SELECT * FROM xmltableview2
-- ;
PREPARE pp AS
SELECT  xmltable.*
   FROM (SELECT data FROM xmldata) x,
        LATERAL XMLTABLE('/ROWS/ROW'
                         PASSING data
                         COLUMNS id int PATH '@id',
                                  _id FOR ORDINALITY,
                                  country_name text PATH 'COUNTRY_NAME' NOT NULL,
                                  country_id text PATH 'COUNTRY_ID',
                                  region_id int PATH 'REGION_ID',
                                  size float PATH 'SIZE',
                                  unit text PATH 'SIZE/@unit',
                                  premier_name text PATH 'PREMIER_NAME' DEFAULT 'not specified')
-- ;
SELECT xmltable.* FROM xmldata, LATERAL xmltable('/ROWS/ROW[COUNTRY_NAME="Japan" or COUNTRY_NAME="India"]' PASSING data COLUMNS id int PATH '@id', "COUNTRY_NAME" text, "REGION_ID" int)
-- ;
SELECT xmltable.* FROM xmldata, LATERAL xmltable('/ROWS/ROW[COUNTRY_NAME="Japan" or COUNTRY_NAME="India"]' PASSING data COLUMNS id FOR ORDINALITY)
-- ;
SELECT xmltable.* FROM xmldata, LATERAL xmltable('/ROWS/ROW[COUNTRY_NAME="Japan" or COUNTRY_NAME="India"]' PASSING data COLUMNS id int PATH '@id', "COUNTRY_NAME" text, "REGION_ID" int, rawdata xml PATH './*')
-- ;
SELECT * FROM xmltable('/root' passing '<root><element>a1a<!-- aaaa -->a2a<?aaaaa?> <!--z-->  bbbb<x>xxx</x>cccc</element></root>' COLUMNS element text)
-- ;
SELECT * FROM xmltable('/root' passing '<root><element>a1a<!-- aaaa -->a2a<?aaaaa?> <!--z-->  bbbb<x>xxx</x>cccc</element></root>' COLUMNS element text PATH 'element/text()')
-- ;
select * from xmltable('d/r' passing '<d><r><c><![CDATA[<hello> &"<>!<a>foo</a>]]></c></r><r><c>2</c></r></d>' columns c text)
-- ;
SELECT * FROM xmltable('/x/a' PASSING '<x><a><ent>&apos;</ent></a><a><ent>&quot;</ent></a><a><ent>&amp;</ent></a><a><ent>&lt;</ent></a><a><ent>&gt;</ent></a></x>' COLUMNS ent text)
-- ;
SELECT xmltable.* FROM xmldata, LATERAL xmltable('/ROWS/ROW[COUNTRY_NAME="Japan" or COUNTRY_NAME="India"]' PASSING data COLUMNS "COUNTRY_NAME" text, "REGION_ID" int) WHERE "COUNTRY_NAME" = 'Japan'
-- ;
SELECT  xmltable.*
   FROM (SELECT data FROM xmldata) x,
        LATERAL XMLTABLE('/ROWS/ROW'
                         PASSING data
                         COLUMNS id int PATH '@id',
                                  _id FOR ORDINALITY,
                                  country_name text PATH 'COUNTRY_NAME' NOT NULL,
                                  country_id text PATH 'COUNTRY_ID',
                                  region_id int PATH 'REGION_ID',
                                  size float PATH 'SIZE',
                                  unit text PATH 'SIZE/@unit',
                                  premier_name text PATH 'PREMIER_NAME' DEFAULT 'not specified')
-- ;
WITH
   x AS (SELECT proname, proowner, procost::numeric, pronargs,
                array_to_string(proargnames,',') as proargnames,
                case when proargtypes <> '' then array_to_string(proargtypes::oid[],',') end as proargtypes
           FROM pg_proc),
   y AS (SELECT xmlelement(name data,
                           xmlagg(xmlelement(name proc,
                                             xmlforest(proname, proowner, procost,
                                                       pronargs, proargnames, proargtypes)))) as doc
           FROM x),
   z AS (SELECT xmltable.*
           FROM y,
                LATERAL xmltable('/data/proc' PASSING doc
                                 COLUMNS proname name,
                                         proowner oid,
                                         procost float,
                                         pronargs int,
                                         proargnames text,
                                         proargtypes text))
   SELECT * FROM z
   EXCEPT SELECT * FROM x
-- ;
INSERT INTO xmltest2 VALUES('<d><r><cc>3</cc></r></d>', 'C')
-- ;
SELECT xmltable.* FROM xmltest2, LATERAL xmltable('/d/r' PASSING x COLUMNS a int PATH '' || lower(_path) || 'c')
-- ;
SELECT xmltable.* FROM xmltest2, LATERAL xmltable(('/d/r/' || lower(_path) || 'c') PASSING x COLUMNS a int PATH '.')
-- ;
SELECT * FROM XMLTABLE('*' PASSING '<a>a</a>' COLUMNS a xml PATH '.', b text PATH '.', c text PATH '"hi"', d boolean PATH '. = "a"', e integer PATH 'string-length(.)')
-- ;
SELECT * FROM XMLTABLE('.' PASSING XMLELEMENT(NAME a) columns a varchar(20) PATH '"<foo/>"', b xml PATH '"<foo/>"')
-- ;
SELECT COUNT(*) FROM pg_enum WHERE enumtypid = 'rainbow'::regtype
-- ;
SELECT 'red'::rainbow
-- ;
SELECT 'mauve'::rainbow
-- ;
SELECT enumlabel, enumsortorder
FROM pg_enum
WHERE enumtypid = 'planets'::regtype
ORDER BY 2
-- ;
SELECT enumlabel, enumsortorder
FROM pg_enum
WHERE enumtypid = 'planets'::regtype
ORDER BY enumlabel::planets
-- ;
SELECT enum_last(NULL::planets)
-- ;
SELECT enumlabel,
       case when enumsortorder > 20 then null else enumsortorder end as so
FROM pg_enum
WHERE enumtypid = 'insenum'::regtype
ORDER BY enumsortorder
-- ;
INSERT INTO enumtest values ('red'), ('orange'), ('yellow'), ('green')
-- ;
COPY enumtest FROM stdin
-- ;
SELECT * FROM enumtest
-- ;
SELECT * FROM enumtest WHERE col = 'orange'
-- ;
SELECT * FROM enumtest WHERE col <> 'orange' ORDER BY col
-- ;
SELECT * FROM enumtest WHERE col > 'yellow' ORDER BY col
-- ;
SELECT * FROM enumtest WHERE col >= 'yellow' ORDER BY col
-- ;
SELECT * FROM enumtest WHERE col < 'green' ORDER BY col
-- ;
SELECT * FROM enumtest WHERE col <= 'green' ORDER BY col
-- ;
SELECT 'red'::rainbow::text || 'hithere'
-- ;
SELECT 'red'::text::rainbow = 'red'::rainbow
-- ;
SELECT min(col) FROM enumtest
-- ;
SELECT max(col) FROM enumtest
-- ;
SELECT max(col) FROM enumtest WHERE col < 'green'
-- ;
SELECT 'red'::rgb
-- ;
SELECT 'purple'::rgb
-- ;
SELECT 'purple'::rainbow::rgb
-- ;
SELECT '{red,green,blue}'::rainbow[]
-- ;
SELECT ('{red,green,blue}'::rainbow[])[2]
-- ;
SELECT 'red' = ANY ('{red,green,blue}'::rainbow[])
-- ;
SELECT 'yellow' = ANY ('{red,green,blue}'::rainbow[])
-- ;
SELECT 'red' = ALL ('{red,green,blue}'::rainbow[])
-- ;
SELECT 'red' = ALL ('{red,red}'::rainbow[])
-- ;
SELECT enum_first(NULL::rainbow)
-- ;
SELECT enum_last('green'::rainbow)
-- ;
SELECT enum_range(NULL::rainbow)
-- ;
SELECT enum_range('orange'::rainbow, 'green'::rainbow)
-- ;
SELECT enum_range(NULL, 'green'::rainbow)
-- ;
SELECT enum_range('orange'::rainbow, NULL)
-- ;
SELECT enum_range(NULL::rainbow, NULL)
-- ;
SELECT echo_me('red'::rainbow)
-- ;
SELECT echo_me('red')
-- ;
INSERT INTO enumtest_parent VALUES ('red')
-- ;
INSERT INTO enumtest_child VALUES ('red')
-- ;
DELETE FROM enumtest_parent
-- ;
SELECT enumlabel, enumsortorder
FROM pg_enum
WHERE enumtypid = 'rainbow'::regtype
ORDER BY 2
-- ;
SELECT 'new'::bogus
-- ;
SELECT enum_first(null::bogus)
-- ;
SELECT enum_last(null::bogus)
-- ;
SELECT enum_range(null::bogus)
-- ;
SELECT enumlabel, enumsortorder
FROM pg_enum
WHERE enumtypid = 'bogus'::regtype
ORDER BY 2
-- ;
SELECT 'bad'::bogon
-- ;
SELECT 'bad'::bogus
-- ;
select enum_range(null::bogon)
-- ;
SELECT COUNT(*) FROM pg_type WHERE typname = 'rainbow'
-- ;
SELECT * FROM pg_enum WHERE NOT EXISTS
  (SELECT 1 FROM pg_type WHERE pg_type.oid = enumtypid)
-- ;
CREATE FUNCTION functest_A_2(text[]) RETURNS int LANGUAGE 'sql'
       AS 'SELECT $1[1]::int'
-- ;
SELECT proname, prorettype::regtype, proargtypes::regtype[] FROM pg_proc
       WHERE oid in ('functest_A_1'::regproc,
                     'functest_A_2'::regproc,
                     'functest_A_3'::regproc) ORDER BY proname
-- ;
SELECT functest_A_1('abcd', '2020-01-01')
-- ;
SELECT functest_A_2(ARRAY['1', '2', '3'])
-- ;
SELECT functest_A_3()
-- ;
SELECT proname, provolatile FROM pg_proc
       WHERE oid in ('functest_B_1'::regproc,
                     'functest_B_2'::regproc,
                     'functest_B_3'::regproc,
		     'functest_B_4'::regproc) ORDER BY proname
-- ;
CREATE FUNCTION functest_C_3(int) RETURNS bool LANGUAGE 'sql'
       SECURITY INVOKER AS 'SELECT $1 < 0'
-- ;
SELECT proname, prosecdef FROM pg_proc
       WHERE oid in ('functest_C_1'::regproc,
                     'functest_C_2'::regproc,
                     'functest_C_3'::regproc) ORDER BY proname
-- ;
CREATE FUNCTION functest_E_1(int) RETURNS bool LANGUAGE 'sql'
       AS 'SELECT $1 > 100'
-- ;
SELECT proname, proleakproof FROM pg_proc
       WHERE oid in ('functest_E_1'::regproc,
                     'functest_E_2'::regproc) ORDER BY proname
-- ;
CREATE FUNCTION functest_F_1(int) RETURNS bool LANGUAGE 'sql'
       AS 'SELECT $1 > 50'
-- ;
CREATE FUNCTION functest_F_3(int) RETURNS bool LANGUAGE 'sql'
       RETURNS NULL ON NULL INPUT AS 'SELECT $1 < 50'
-- ;
SELECT proname, proisstrict FROM pg_proc
       WHERE oid in ('functest_F_1'::regproc,
                     'functest_F_2'::regproc,
                     'functest_F_3'::regproc,
                     'functest_F_4'::regproc) ORDER BY proname
-- ;
SELECT pg_get_functiondef('functest_A_1'::regproc)
-- ;
SELECT pg_get_functiondef('functest_B_3'::regproc)
-- ;
SELECT pg_get_functiondef('functest_C_3'::regproc)
-- ;
SELECT pg_get_functiondef('functest_F_2'::regproc)
-- ;
CREATE FUNCTION functest_S_10(a text, b date) RETURNS boolean
    LANGUAGE SQL
    BEGIN ATOMIC
        SELECT a = 'abcd' AND b > '2001-01-01';
    END
-- ;
CREATE FUNCTION functest_S_13() RETURNS boolean
    BEGIN ATOMIC
        SELECT 1;
        SELECT false;
    END
-- ;
CREATE FUNCTION functest_S_xx(x date) RETURNS boolean
    LANGUAGE SQL
    RETURN x > 1
-- ;
SELECT functest_S_1('abcd', '2020-01-01')
-- ;
SELECT functest_S_2(ARRAY['1', '2', '3'])
-- ;
SELECT functest_S_3()
-- ;
SELECT functest_S_10('abcd', '2020-01-01')
-- ;
SELECT functest_S_13()
-- ;
SELECT pg_get_functiondef('functest_S_1'::regproc)
-- ;
SELECT pg_get_functiondef('functest_S_2'::regproc)
-- ;
SELECT pg_get_functiondef('functest_S_3'::regproc)
-- ;
SELECT pg_get_functiondef('functest_S_3a'::regproc)
-- ;
SELECT pg_get_functiondef('functest_S_10'::regproc)
-- ;
SELECT pg_get_functiondef('functest_S_13'::regproc)
-- ;
SELECT pg_get_functiondef('functest_S_15'::regproc)
-- ;
SELECT pg_get_functiondef('functest_S_16'::regproc)
-- ;
INSERT INTO functest3 VALUES (1), (2)
-- ;
CREATE VIEW functestv3 AS SELECT * FROM functest3
-- ;
SELECT functest_S_14()
-- ;
CREATE FUNCTION functest_IS_3(a int default 1, out b int)
    RETURNS int
    LANGUAGE SQL
    AS 'SELECT $1'
-- ;
SELECT routine_name, ordinal_position, parameter_name, parameter_default
    FROM information_schema.parameters JOIN information_schema.routines USING (specific_schema, specific_name)
    WHERE routine_schema = 'temp_func_test' AND routine_name ~ '^functest_is_'
    ORDER BY 1, 2
-- ;
CREATE FUNCTION functest_IS_4a() RETURNS int LANGUAGE SQL AS 'SELECT 1'
-- ;
CREATE FUNCTION functest_IS_5(x int DEFAULT nextval('functest1'))
    RETURNS int
    LANGUAGE SQL
    AS 'SELECT x'
-- ;
SELECT r0.routine_name, r1.routine_name
  FROM information_schema.routine_routine_usage rru
       JOIN information_schema.routines r0 ON r0.specific_name = rru.specific_name
       JOIN information_schema.routines r1 ON r1.specific_name = rru.routine_name
  WHERE r0.routine_schema = 'temp_func_test' AND
        r1.routine_schema = 'temp_func_test'
  ORDER BY 1, 2
-- ;
SELECT routine_name, sequence_name FROM information_schema.routine_sequence_usage
  WHERE routine_schema = 'temp_func_test'
  ORDER BY 1, 2
-- ;
SELECT routine_name, table_name, column_name FROM information_schema.routine_column_usage
  WHERE routine_schema = 'temp_func_test'
  ORDER BY 1, 2
-- ;
SELECT routine_name, table_name FROM information_schema.routine_table_usage
  WHERE routine_schema = 'temp_func_test'
  ORDER BY 1, 2
-- ;
CREATE OR REPLACE FUNCTION functest1(a int) RETURNS int LANGUAGE SQL WINDOW AS 'SELECT $1'
-- ;
SELECT * FROM functest_sri1()
-- ;
EXPLAIN (verbose, costs off) SELECT * FROM functest_sri1()
-- ;
SELECT * FROM functest_sri2()
-- ;
EXPLAIN (verbose, costs off) SELECT * FROM functest_sri2()
-- ;
SELECT voidtest1(42)
-- ;
SELECT voidtest2(11,22)
-- ;
EXPLAIN (verbose, costs off) SELECT voidtest2(11,22)
-- ;
CREATE FUNCTION voidtest3(a int) RETURNS VOID LANGUAGE SQL AS
$$ INSERT INTO sometable VALUES(a + 1) $$
-- ;
SELECT voidtest3(17)
-- ;
CREATE FUNCTION voidtest4(a int) RETURNS VOID LANGUAGE SQL AS
$$ INSERT INTO sometable VALUES(a - 1) RETURNING f1 $$
-- ;
SELECT voidtest4(39)
-- ;
TABLE sometable
-- ;
SELECT * FROM voidtest5(3)
-- ;
SELECT double_append(array_append(ARRAY[q1], q2), q3)
  FROM (VALUES(1,2,3), (4,5,6)) v(q1,q2,q3)
-- ;
INSERT INTO attmp (a, b, c, d, e, f, g,    i,    k, l, m, n, p, q, r, s, t,
	v, w, x, y, z)
   VALUES (4, 'name', 'text', 4.1, 4.1, 2, '(4.1,4.1,3.1,3.1)',
	'c',
	314159, '(1,1)', '512',
	'1 2 3 4 5 6 7 8', true, '(1.1,1.1)', '(4.1,4.1,3.1,3.1)',
	'(0,2,4.1,4.1,3.1,3.1)', '(4.1,4.1,3.1,3.1)',
	'epoch', '01:00:10', '{1.0,2.0,3.0,4.0}', '{1.0,2.0,3.0,4.0}', '{1,2,3,4}')
-- ;
SELECT typname FROM pg_type WHERE oid = '_attmp_array[]'::regtype
-- ;
CREATE VIEW attmp_view (unique1) AS SELECT unique1 FROM tenk1
-- ;
INSERT INTO attmp2 values (1)
-- ;
INSERT INTO attmp3 values (5,50)
-- ;
DELETE FROM attmp3 where a=5
-- ;
DELETE FROM attmp3 WHERE NOT b > 10
-- ;
select * from attmp3
-- ;
DELETE FROM attmp6 WHERE b > 20
-- ;
INSERT INTO attmp7 VALUES (8, 18)
-- ;
select convalidated from pg_constraint where conrelid = 'parent_noinh_convalid'::regclass and conname = 'check_a_is_2'
-- ;
explain (costs off) select * from nv_parent where d between '2011-08-01' and '2011-08-31'
-- ;
explain (costs off) select * from nv_parent where d between '2011-08-01'::date and '2011-08-31'::date
-- ;
INSERT INTO PKTABLE VALUES(42)
-- ;
INSERT INTO FKTABLE VALUES(43)
-- ;
insert into atacc1 (test) values (4)
-- ;
insert into atacc1 (test,test2,test3) values (4,4,2)
-- ;
insert into atacc2 (test2) values (-3)
-- ;
insert into atacc3 (test2) values (-3)
-- ;
select test2 from atacc2
-- ;
insert into atacc2 (test) values (-3)
-- ;
insert into atacc1 (test,test2) values (4,5)
-- ;
insert into atacc1 (test2, test) values (2, 3)
-- ;
insert into atacc1 (test) values (NULL)
-- ;
insert into atacc1 values(1,2)
-- ;
insert into atacc1 (test,test2) values (NULL,3)
-- ;
insert into atacc1 (test,test2) values (3, NULL)
-- ;
create view myview as select * from atacc1
-- ;
update atacc1 set test_b = 1
-- ;
insert into child (a, b) values (NULL, 'foo')
-- ;
delete from parent
-- ;
create view def_view_test as select * from def_test
-- ;
create rule def_view_test_ins as
	on insert to def_view_test
	do instead insert into def_test select new.*
-- ;
select * from def_view_test
-- ;
select * from atacc1 order by a
-- ;
select * from atacc1 group by a
-- ;
select * from atacc1 group by "........pg.dropped.1........"
-- ;
select * from atacc1 where a = 1
-- ;
select * from atacc1 where "........pg.dropped.1........" = 1
-- ;
update atacc1 set b = 2 where a = 3
-- ;
update atacc1 set "........pg.dropped.1........" = 3
-- ;
insert into atacc1 values (10, 11, 12, 13)
-- ;
insert into atacc1 values (default, 11, 12, 13)
-- ;
insert into atacc1 (a) values (default)
-- ;
insert into atacc1 ("........pg.dropped.1........") values (10)
-- ;
delete from atacc1 where a = 3
-- ;
delete from atacc1 where "........pg.dropped.1........" = 3
-- ;
select * from myview
-- ;
insert into atacc1 values (21, 22, 23)
-- ;
create table attest1 as select * from atacc1
-- ;
copy attest(a) to stdout
-- ;
copy attest("........pg.dropped.1........") to stdout
-- ;
copy attest from stdin
-- ;
copy attest(a) from stdin
-- ;
select attrelid::regclass, attname, attinhcount, attislocal
from pg_attribute
where attnum > 0 and attrelid::regclass in ('depth0', 'depth1', 'depth2')
order by attrelid::regclass::text, attnum
-- ;
insert into c1 values(11,'xyz',33,0)
-- ;
update p1 set a1 = a1 + 1, f2 = upper(f2)
-- ;
insert into anothertab (atcol1, atcol2) values (default, false)
-- ;
select * from anothertab
-- ;
insert into at_tab2 values(1,'42')
-- ;
select relname,
  c.oid = oldoid as orig_oid,
  case relfilenode
    when 0 then 'none'
    when c.oid then 'own'
    when oldfilenode then 'orig'
    else 'OTHER'
    end as storage,
  obj_description(c.oid, 'pg_class') as desc
  from pg_class c left join old_oids using (relname)
  where relname like 'at_partitioned%'
  order by relname
-- ;
select conname, obj_description(oid, 'pg_constraint') as desc
  from pg_constraint where conname like 'at_partitioned%'
  order by conname
-- ;
select reltoastrelid <> 0 as has_toast_table
  from pg_class where oid = 'test_storage'::regclass
-- ;
INSERT INTO test_type_diff2_c1 VALUES (1, 2, 3)
-- ;
create view at_view_1 as select * from at_base_table bt
-- ;
create temp table t1 as select * from int8_tbl
-- ;
create or replace temp view v1 with (security_barrier = true)
  as select * from t1
-- ;
SELECT check_ddl_rewrite('rewrite_test', $$
    ALTER TABLE rewrite_test
        ADD COLUMN empty5 text,
        ADD COLUMN notempty5_norewrite int default 42,
        ADD COLUMN notempty5_rewrite serial;
$$)
-- ;
create or replace view my_locks as
select case when c.relname like 'pg_toast%' then 'pg_toast' else c.relname end, max(mode::lockmodes) as max_lockmode
from pg_locks l join pg_class c on l.relation = c.oid
where virtualtransaction = (
        select virtualtransaction
        from pg_locks
        where transactionid = pg_current_xact_id()::xid)
and locktype = 'relation'
and relnamespace != (select oid from pg_namespace where nspname = 'pg_catalog')
and c.relname != 'my_locks'
group by c.relname
-- ;
insert into alterlock values (1, 'foo')
-- ;
insert into alterlock2 values (1, 1)
-- ;
create or replace view my_locks as
select case when c.relname like 'pg_toast%' then 'pg_toast' else c.relname end, max(mode::lockmodes) as max_lockmode
from pg_locks l join pg_class c on l.relation = c.oid
where virtualtransaction = (
        select virtualtransaction
        from pg_locks
        where transactionid = pg_current_xact_id()::xid)
and locktype = 'relation'
and relnamespace != (select oid from pg_namespace where nspname = 'pg_catalog')
and c.relname = 'my_locks'
group by c.relname
-- ;
create view alter1.v1 as select * from alter1.t1
-- ;
create function alter1.same(alter1.ctype, alter1.ctype) returns boolean language sql
as 'select $1.f1 is not distinct from $2.f1 and $1.f2 is not distinct from $2.f2'
-- ;
insert into alter1.t1(f2) values(11)
-- ;
insert into alter2.t1(f2) values(13)
-- ;
CREATE TABLE test_tbl3 (c) AS SELECT '(1)'::test_type3
-- ;
SELECT conname as constraint, obj_description(oid, 'pg_constraint') as comment FROM pg_constraint where conrelid = 'comment_test'::regclass ORDER BY 1, 2
-- ;
SELECT col_description('comment_test_child'::regclass, 1) as comment
-- ;
INSERT INTO old_system_table(othercol) VALUES ('somedata'), ('otherdata')
-- ;
SELECT relname, relkind, relpersistence FROM pg_class WHERE relname ~ '^unlogged1'
UNION ALL
SELECT r.relname || ' toast table', t.relkind, t.relpersistence FROM pg_class r JOIN pg_class t ON t.oid = r.reltoastrelid WHERE r.relname ~ '^unlogged1'
UNION ALL
SELECT r.relname || ' toast index', ri.relkind, ri.relpersistence FROM pg_class r join pg_class t ON t.oid = r.reltoastrelid JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class ri ON ri.oid = i.indexrelid WHERE r.relname ~ '^unlogged1'
ORDER BY relname
-- ;
INSERT INTO parent VALUES (1)
-- ;
UPDATE parent SET a = 2 WHERE a = 1
-- ;
SELECT attislocal, attinhcount FROM pg_attribute WHERE attrelid = 'part_1'::regclass AND attnum > 0
-- ;
SELECT conislocal, coninhcount FROM pg_constraint WHERE conrelid = 'part_1'::regclass AND conname = 'check_a'
-- ;
INSERT INTO part_2 VALUES (3, 'a')
-- ;
DELETE FROM list_parted2_def WHERE a = 11
-- ;
INSERT INTO part1 VALUES (1, 10)
-- ;
INSERT INTO part5_def_p1 VALUES (5, 'y')
-- ;
DELETE FROM hpart_2
-- ;
INSERT INTO hpart_5_a (a, b) VALUES (7, 1)
-- ;
DELETE FROM hpart_5_a
-- ;
SELECT attinhcount, attislocal FROM pg_attribute WHERE attrelid = 'part_3_4'::regclass AND attnum > 0
-- ;
insert into defpart_attach_test_d values (1), (2)
-- ;
select * from bar1
-- ;
update bar1 set a = a + 1
-- ;
select indexrelid::regclass, indisclustered from pg_index
  where indrelid = 'alttype_cluster'::regclass
  order by indexrelid::regclass::text
-- ;
insert into attach_parted_part1 values (1, 1)
-- ;
CREATE OR REPLACE FUNCTION f_leak(text) RETURNS bool
    COST 0.0000001 LANGUAGE plpgsql
    AS 'BEGIN RAISE NOTICE ''f_leak => %'', $1; RETURN true; END'
-- ;
INSERT INTO category VALUES
    (11, 'novel'),
    (22, 'science fiction'),
    (33, 'technology'),
    (44, 'manga')
-- ;
SELECT * FROM pg_policies WHERE schemaname = 'regress_rls_schema' AND tablename = 'document' ORDER BY policyname
-- ;
SELECT * FROM document NATURAL JOIN category WHERE f_leak(dtitle) ORDER BY did
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM document NATURAL JOIN category WHERE f_leak(dtitle)
-- ;
SELECT * FROM document d FULL OUTER JOIN category c on d.cid = c.cid ORDER BY d.did, c.cid
-- ;
INSERT INTO document VALUES (8, 44, 1, 'regress_rls_bob', 'my third manga')
-- ;
SELECT * FROM document WHERE did = 8
-- ;
SELECT * FROM document
-- ;
COPY t1 FROM stdin WITH
-- ;
COPY t3(id, a,b,c) FROM stdin
-- ;
SELECT tableoid::regclass, * FROM t1
-- ;
SELECT *, t1 FROM t1
-- ;
SELECT * FROM t1 FOR SHARE
-- ;
SELECT * FROM t1 WHERE f_leak(b) FOR SHARE
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM t1 WHERE f_leak(b) FOR SHARE
-- ;
SELECT a, b, tableoid::regclass FROM t2 UNION ALL SELECT a, b, tableoid::regclass FROM t3
-- ;
SELECT * FROM t1 WHERE f_leak(b)
-- ;
INSERT INTO part_document VALUES
    ( 1, 11, 1, 'regress_rls_bob', 'my first novel'),
    ( 2, 11, 2, 'regress_rls_bob', 'my second novel'),
    ( 3, 99, 2, 'regress_rls_bob', 'my science textbook'),
    ( 4, 55, 1, 'regress_rls_bob', 'my first satire'),
    ( 5, 99, 2, 'regress_rls_bob', 'my history book'),
    ( 6, 11, 1, 'regress_rls_carol', 'great science fiction'),
    ( 7, 99, 2, 'regress_rls_carol', 'great technology book'),
    ( 8, 55, 2, 'regress_rls_carol', 'great satire'),
    ( 9, 11, 1, 'regress_rls_dave', 'awesome science fiction'),
    (10, 99, 2, 'regress_rls_dave', 'awesome technology book')
-- ;
SELECT * FROM part_document WHERE f_leak(dtitle) ORDER BY did
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM part_document WHERE f_leak(dtitle)
-- ;
SELECT * FROM part_document_satire WHERE f_leak(dtitle) ORDER BY did
-- ;
SELECT * FROM part_document_satire ORDER by did
-- ;
CREATE VIEW rec1v WITH (security_barrier) AS SELECT * FROM rec1
-- ;
INSERT INTO s2 (SELECT x, md5(x::text) FROM generate_series(-6,6) x)
-- ;
INSERT INTO s1 VALUES (1, 'foo')
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM s1 WHERE f_leak(b)
-- ;
SELECT (SELECT x FROM s1 LIMIT 1) xx, * FROM s2 WHERE y like '%28%'
-- ;
EXPLAIN (COSTS OFF) EXECUTE p1(2)
-- ;
EXECUTE p2(2)
-- ;
UPDATE t1 SET b = b || b WHERE f_leak(b)
-- ;
EXPLAIN (COSTS OFF) UPDATE only t1 SET b = b || '_updt' WHERE f_leak(b)
-- ;
UPDATE t2 SET b=t2.b FROM t3
WHERE t2.a = 3 and t3.a = 2 AND f_leak(t2.b) AND f_leak(t3.b)
-- ;
EXPLAIN (COSTS OFF) UPDATE t1 SET b=t1.b FROM t2
WHERE t1.a = 3 and t2.a = 3 AND f_leak(t1.b) AND f_leak(t2.b)
-- ;
EXPLAIN (COSTS OFF) UPDATE t2 SET b=t2.b FROM t1
WHERE t1.a = 3 and t2.a = 3 AND f_leak(t1.b) AND f_leak(t2.b)
-- ;
EXPLAIN (COSTS OFF) UPDATE t2 t2_1 SET b = t2_2.b FROM t2 t2_2
WHERE t2_1.a = 3 AND t2_2.a = t2_1.a AND t2_2.b = t2_1.b
AND f_leak(t2_1.b) AND f_leak(t2_2.b) RETURNING *, t2_1, t2_2
-- ;
UPDATE t2 t2_1 SET b = t2_2.b FROM t2 t2_2
WHERE t2_1.a = 3 AND t2_2.a = t2_1.a AND t2_2.b = t2_1.b
AND f_leak(t2_1.b) AND f_leak(t2_2.b) RETURNING *, t2_1, t2_2
-- ;
EXPLAIN (COSTS OFF) UPDATE t1 t1_1 SET b = t1_2.b FROM t1 t1_2
WHERE t1_1.a = 4 AND t1_2.a = t1_1.a AND t1_2.b = t1_1.b
AND f_leak(t1_1.b) AND f_leak(t1_2.b) RETURNING *, t1_1, t1_2
-- ;
SELECT * FROM t1 ORDER BY a,b
-- ;
EXPLAIN (COSTS OFF) DELETE FROM only t1 WHERE f_leak(b)
-- ;
INSERT INTO b1 (SELECT x, md5(x::text) FROM generate_series(-10,10) x)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM bv1 WHERE f_leak(b)
-- ;
EXPLAIN (COSTS OFF) UPDATE bv1 SET b = 'yyy' WHERE a = 4 AND f_leak(b)
-- ;
EXPLAIN (COSTS OFF) DELETE FROM bv1 WHERE a = 6 AND f_leak(b)
-- ;
DELETE FROM bv1 WHERE a = 6 AND f_leak(b)
-- ;
SELECT * FROM b1
-- ;
INSERT INTO document VALUES (2, (SELECT cid from category WHERE cname = 'novel'), 1, 'regress_rls_carol', 'my first novel')
    ON CONFLICT (did) DO UPDATE SET dtitle = EXCLUDED.dtitle, dauthor = EXCLUDED.dauthor
-- ;
INSERT INTO document VALUES (79, (SELECT cid from category WHERE cname = 'technology'), 1, 'regress_rls_bob', 'technology book, can only insert')
    ON CONFLICT (did) DO UPDATE SET dtitle = EXCLUDED.dtitle RETURNING *
-- ;
INSERT INTO document VALUES (4, (SELECT cid from category WHERE cname = 'novel'), 1, 'regress_rls_bob', 'my first novel')
    ON CONFLICT (did) DO UPDATE SET dtitle = EXCLUDED.dtitle
-- ;
INSERT INTO document VALUES (1, (SELECT cid from category WHERE cname = 'novel'), 1, 'regress_rls_bob', 'my first novel')
    ON CONFLICT (did) DO UPDATE SET dauthor = 'regress_rls_carol'
-- ;
MERGE INTO document d
USING (SELECT 3 as sdid) s
ON did = s.sdid
WHEN MATCHED THEN
	DELETE
-- ;
MERGE INTO document d
USING (SELECT 4 as sdid) s
ON did = s.sdid
WHEN MATCHED AND dnotes <> '' THEN
	UPDATE SET dnotes = dnotes || ' notes added by merge '
WHEN MATCHED THEN
	DELETE
-- ;
MERGE INTO document d
USING (SELECT 1 as sdid) s
ON did = s.sdid
WHEN MATCHED THEN
	UPDATE SET dnotes = dnotes || ' notes added by merge4 '
WHEN NOT MATCHED THEN
	INSERT VALUES (12, 11, 1, 'regress_rls_bob', 'another novel')
-- ;
PREPARE plancache_test2 AS WITH q AS MATERIALIZED (SELECT * FROM z1 WHERE f_leak(b)) SELECT * FROM q,z2
-- ;
EXPLAIN (COSTS OFF) EXECUTE plancache_test
-- ;
CREATE VIEW rls_view AS SELECT * FROM z1 WHERE f_leak(b)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM rls_view
-- ;
CREATE VIEW rls_view WITH (security_invoker) AS
    SELECT * FROM z1 WHERE f_leak(b)
-- ;
SELECT * FROM rls_view
-- ;
UPDATE x1 SET b = b || '_updt' WHERE f_leak(b) RETURNING *
-- ;
DELETE FROM x1 WHERE f_leak(b) RETURNING *
-- ;
INSERT INTO y2 (SELECT x, md5(x::text) FROM generate_series(0,20) x)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM y2 WHERE f_leak(b)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM y2 WHERE f_leak('abc')
-- ;
SELECT * FROM y2 JOIN test_qual_pushdown ON (b = abc) WHERE f_leak(abc)
-- ;
EXPLAIN (COSTS OFF) SELECT * FROM y2 JOIN test_qual_pushdown ON (b = abc) WHERE f_leak(b)
-- ;
EXPLAIN (COSTS OFF) EXECUTE role_inval
-- ;
WITH cte1 AS MATERIALIZED (SELECT * FROM t1 WHERE f_leak(b)) SELECT * FROM cte1
-- ;
EXPLAIN (COSTS OFF)
WITH cte1 AS MATERIALIZED (SELECT * FROM t1 WHERE f_leak(b)) SELECT * FROM cte1
-- ;
SELECT polname, relname
    FROM pg_policy pol
    JOIN pg_class pc ON (pc.oid = pol.polrelid)
    WHERE relname = 't1'
-- ;
SELECT * FROM t2
-- ;
INSERT INTO comment VALUES
    (1, 'cool blog'),
    (1, 'fun blog'),
    (3, 'crazy blog'),
    (5, 'what?'),
    (4, 'insane!'),
    (2, 'who did it?')
-- ;
SELECT id, author, message FROM blog JOIN comment ON id = blog_id
-- ;
SELECT id, author, message FROM comment JOIN blog ON id = blog_id
-- ;
COPY (SELECT * FROM copy_t ORDER BY a ASC) TO STDOUT WITH DELIMITER ','
-- ;
COPY copy_rel_to TO STDOUT WITH DELIMITER ','
-- ;
INSERT INTO copy_rel_to_child VALUES (1, 'one'), (2, 'two')
-- ;
DECLARE current_check_cursor SCROLL CURSOR FOR SELECT * FROM current_check
-- ;
SELECT row_security_active('current_check')
-- ;
CREATE TABLE coll_t (c) AS VALUES ('bar'::text)
-- ;
CREATE TABLE tbl1 (c) AS VALUES ('bar'::text)
-- ;
CREATE TABLE t (c) AS VALUES ('bar'::text)
-- ;
UPDATE r2 SET a = 2 RETURNING *
-- ;
DELETE FROM r2 RETURNING *
-- ;
DELETE FROM r1 USING r2 WHERE r1.a = r2.a + 2 RETURNING *
-- ;
SELECT * FROM r1
-- ;
UPDATE r1 SET a = 1
-- ;
DELETE FROM r1
-- ;
DELETE FROM r2
-- ;
INSERT INTO r2 VALUES (10)
-- ;
TABLE r2
-- ;
UPDATE r1 SET a = a+5
-- ;
INSERT INTO r1 VALUES (10), (20)
-- ;
INSERT INTO r1 VALUES (10)
    ON CONFLICT (a) DO UPDATE SET a = 30
-- ;
INSERT INTO r1 VALUES (10)
    ON CONFLICT ON CONSTRAINT r1_pkey DO UPDATE SET a = 30
-- ;
SELECT * FROM ref_tbl
-- ;
SELECT * FROM rls_tbl
-- ;
INSERT INTO rls_tbl SELECT x/10 FROM generate_series(1, 100) x
-- ;
SELECT * FROM rls_tbl WHERE a <<< 1000
-- ;
SELECT * FROM rls_part WHERE a <<< 1000
-- ;
SELECT * FROM (SELECT * FROM rls_tbl UNION ALL
               SELECT * FROM rls_tbl) t WHERE a <<< 1000
-- ;
SELECT * FROM rls_tbl_view WHERE a <<< 1000
-- ;
prepare q as select current_user, * from rls_f()
-- ;
prepare r as select current_user, * from rls_f()
-- ;
execute r
-- ;
execute s
-- ;
prepare u as select current_user, * from rls_f()
