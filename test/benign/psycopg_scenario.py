"""Rows of labelled tables through psycopg: libpq from Python, in text and binary; prints what came of them as JSON."""

import json

import psycopg


def main():
    seen = {}
    with psycopg.connect("", autocommit=True) as connection:
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                cursor.execute("SELECT * FROM customers WHERE id < %s ORDER BY id", [4])
                seen[f"rows, binary {binary}"] = [list(map(str, row)) for row in cursor]
                seen[f"columns, binary {binary}"] = [f"{column.name} {column.type_code} {column.internal_size}" for column in cursor.description]
        for n in range(8):
            cursor = connection.execute("SELECT name, phone FROM customers WHERE id = %s", [n], prepare=True)
            seen[f"prepared {n}"] = cursor.fetchone()
        with connection.pipeline() as pipeline, connection.cursor() as cursor:
            for n in range(1, 20):
                cursor.execute("SELECT id, phone, salary FROM customers WHERE id = %s", [n])
            pipeline.sync()
            results = []
            while True:
                results.append(list(map(str, cursor.fetchone())))
                if not cursor.nextset():
                    break
            seen["pipelined"] = results
        with connection.transaction(), connection.cursor("named") as cursor:
            cursor.itersize = 10
            cursor.execute("SELECT id, phone FROM customers ORDER BY id")
            seen["server_cursor"] = [list(row) for row in cursor]
        with connection.transaction(force_rollback=True):
            with connection.cursor() as cursor, cursor.copy("COPY customers (id, name) FROM STDIN") as copy:
                for n in range(200, 220):
                    copy.write_row((n, f"copied {n}"))
            with connection.cursor() as cursor, cursor.copy("COPY (SELECT id, name, phone FROM customers ORDER BY id) TO STDOUT") as copy:
                seen["copied_out"] = b"".join(bytes(data) for data in copy).decode()
            seen["updated"] = connection.execute("UPDATE customers SET tier = 8 WHERE id = 3 RETURNING id, tier, phone").fetchone()
        seen["unlabelled"] = [str(row) for row in connection.execute("SELECT id, total, status FROM orders ORDER BY id LIMIT 5")]
    print(json.dumps(seen, sort_keys=True, indent=1))


main()
