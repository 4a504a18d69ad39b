"""Rows of labelled tables through asyncpg, whose results are binary; prints what came of them as JSON."""

import asyncio
import io
import json
import os

import asyncpg


async def main():
    connection = await asyncpg.connect(
        host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"],
        password=os.environ["PGPASSWORD"], database=os.environ["PGDATABASE"],
    )
    seen = {}
    seen["rows"] = [dict(row) for row in await connection.fetch("SELECT * FROM customers ORDER BY id LIMIT 3")]
    statement = await connection.prepare("SELECT id, name, email, phone, ssn, salary, tags FROM customers WHERE id = $1")
    seen["columns"] = [f"{attribute.name} {attribute.type.name}" for attribute in statement.get_attributes()]
    seen["prepared"] = [dict(await statement.fetchrow(id)) for id in (1, 2, 3, 4)]
    seen["documents"] = [dict(row) for row in await connection.fetch("SELECT id, body FROM documents ORDER BY id")]
    async with connection.transaction():
        seen["cursor"] = [dict(row) async for row in connection.cursor("SELECT id, phone FROM customers ORDER BY id", prefetch=7)]
    out = io.BytesIO()
    await connection.copy_from_query("SELECT id, phone, email FROM customers ORDER BY id", output=out, format="binary")
    seen["copied"] = out.getvalue().hex()
    transaction = connection.transaction()
    await transaction.start()
    seen["inserted"] = dict(await connection.fetchrow(
        "INSERT INTO customers (name, email, phone) VALUES ($1, $2, $3) RETURNING name, email, phone", "from asyncpg", "a@elsewhere.test", "1"))
    seen["many"] = await connection.executemany("INSERT INTO landing VALUES ($1, $2)", [(n, "m" * n) for n in range(20)])
    records = [(100 + n, f"record {n}", "1") for n in range(5)]
    seen["records"] = await connection.copy_records_to_table("customers", records=records, columns=["id", "name", "phone"])
    await transaction.rollback()
    seen["unlabelled"] = [dict(row) for row in await connection.fetch("SELECT id, total, status FROM orders ORDER BY id LIMIT 5")]
    await connection.close()
    print(json.dumps(seen, default=str, sort_keys=True, indent=1))


asyncio.run(main())
