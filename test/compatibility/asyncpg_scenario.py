"""Statements through asyncpg, which has a protocol implementation of its own; prints what came of them as JSON."""

import asyncio
import io
import json
import os

import asyncpg


def failure(error):
    fields = {name: getattr(error, name, None) for name in FIELDS}
    return {"class": type(error).__name__, "words": str(error), **fields}


FIELDS = [
    "sqlstate", "severity", "detail", "hint", "position", "context", "schema_name", "table_name", "column_name",
    "constraint_name", "data_type_name", "server_source_filename", "server_source_line", "server_source_function",
]


async def main():
    connection = await asyncpg.connect(
        host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"],
        password=os.environ["PGPASSWORD"], database=os.environ["PGDATABASE"],
    )
    seen = {}
    notices = []
    connection.add_log_listener(lambda _, message: notices.append(failure(message)))
    # Every result of asyncpg is binary.
    seen["rows"] = [dict(row) for row in await connection.fetch("SELECT * FROM item ORDER BY id")]
    seen["types"] = dict(await connection.fetchrow(
        """SELECT $1::int8 AS i8, $2::numeric AS n, $3::text AS t, $4::bytea AS b, $5::int[] AS list, $6::jsonb AS j,
           $7::float8 AS f, $8::bool AS flag, $9::uuid AS id, TIMESTAMPTZ '2026-01-31 01:02:03Z' AS at,
           INTERVAL '1 day 2:03' AS span, int4range(1, 5) AS range, inet '10.0.0.1' AS address, NULL AS nothing,
           'happy'::mood AS feeling, ROW(1, 2, 'three')::point3 AS place""",
        2**40, 12.5, "ü☃", b"\0\xff", [1, None, 3], '{"a": 1}', 1.5, True, "00112233-4455-6677-8899-aabbccddeeff",
    ))
    statement = await connection.prepare("SELECT name FROM item WHERE id = $1")
    seen["attributes"] = [str(attribute) for attribute in statement.get_attributes()]
    seen["prepared"] = [await statement.fetchval(id) for id in (1, 2, 3, 4)]
    seen["many"] = await connection.executemany("INSERT INTO landing VALUES ($1, $2)", [(n, "m" * n) for n in range(500)])
    async with connection.transaction():
        seen["cursor"] = [row["id"] async for row in connection.cursor("SELECT id FROM landing ORDER BY id", prefetch=7)]
    out = io.BytesIO()
    seen["copy_out"] = await connection.copy_from_query("SELECT * FROM landing ORDER BY id", output=out, format="binary")
    seen["copied"] = out.getvalue().hex()
    out.seek(0)
    seen["copy_in"] = await connection.copy_to_table("landing", source=out, format="binary")
    seen["records"] = await connection.copy_records_to_table("landing", records=[(n, "r") for n in range(1000)])
    seen["sum"] = list(await connection.fetchrow("SELECT count(*), sum(id) FROM landing"))
    seen["script"] = await connection.execute("TRUNCATE landing; SELECT 1; SELECT 2")
    seen["errors"] = []
    for text in ("SELECT 1/0", "SELEC", "INSERT INTO item VALUES (1, 'x', 1, 'ok')", "SELECT fail_deep(1)"):
        for run in (connection.execute, connection.fetch):
            try:
                await run(text)
            except asyncpg.PostgresError as error:
                seen["errors"].append(failure(error))
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO landing VALUES (1, 'lost')")
            async with connection.transaction():
                await connection.execute("SELECT nothing")
    except asyncpg.PostgresError as error:
        seen["nested"] = failure(error)
    seen["left"] = await connection.fetchval("SELECT count(*) FROM landing")
    await connection.fetchval("SELECT warn('asyncpg')")
    heard = asyncio.Queue()
    await connection.add_listener("jobs", lambda *told: heard.put_nowait(told[2:]))
    await connection.execute("NOTIFY jobs, 'from the driver'")
    seen["notification"] = await heard.get()
    # asyncpg sends a CancelRequest when its own time is up, and the connection stays usable.
    try:
        await connection.fetch("SELECT pg_sleep(60)", timeout=0.2)
    except asyncio.TimeoutError:
        seen["timeout"] = await connection.fetchval("SELECT 'usable'")
    settings = connection.get_settings()
    seen["settings"] = {name: getattr(settings, name) for name in ("server_encoding", "TimeZone", "DateStyle")}
    seen["version"] = list(connection.get_server_version())
    seen["notices"] = notices
    await connection.close()

    async with asyncpg.create_pool(
        host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"],
        password=os.environ["PGPASSWORD"], database=os.environ["PGDATABASE"],
        min_size=2, max_size=4,
    ) as pool:
        seen["pooled"] = await asyncio.gather(*(pool.fetchval("SELECT $1::int * 2", n) for n in range(30)))
    print(json.dumps(seen, default=str, sort_keys=True, indent=1))


asyncio.run(main())
