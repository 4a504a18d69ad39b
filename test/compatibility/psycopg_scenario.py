"""Statements through psycopg: libpq from Python, with its pipeline mode; prints what came of them as JSON."""

import json

import psycopg


def failure(error):
    diagnosis = error.diag
    names = [name for name in dir(diagnosis) if not name.startswith("_")]
    return {"class": type(error).__name__, **{name: str(getattr(diagnosis, name)) for name in names}}


def main():
    seen = {}
    with psycopg.connect("", autocommit=True) as connection:
        notices = []
        connection.add_notice_handler(lambda diagnosis: notices.append(diagnosis.message_primary))
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                cursor.execute("SELECT id, name, price, ARRAY[1, NULL], '{\"a\": 1}'::jsonb, %s FROM item ORDER BY id", ["ü"])
                seen[f"rows, binary {binary}"] = [list(map(str, row)) for row in cursor]
                seen[f"columns, binary {binary}"] = [str(column) for column in cursor.description]
        with connection.pipeline() as pipeline, connection.cursor() as cursor:
            for n in range(100):
                cursor.execute("SELECT %s::int * 2", [n])
            pipeline.sync()
            results = []
            while True:
                results.append(cursor.fetchone()[0])
                if not cursor.nextset():
                    break
            seen["pipelined"] = results
        try:
            with connection.pipeline():
                connection.execute("INSERT INTO landing VALUES (1, 'undone')")
                connection.execute("SELECT 1/0")
                connection.execute("INSERT INTO landing VALUES (2, 'skipped')")
        except psycopg.Error as error:
            seen["pipeline_error"] = failure(error)
        seen["left"] = connection.execute("SELECT count(*) FROM landing").fetchone()[0]
        with connection.transaction():
            with connection.cursor("named") as cursor:
                cursor.itersize = 10
                cursor.execute("SELECT n FROM generate_series(1, 35) n")
                seen["server_cursor"] = [row[0] for row in cursor]
            with connection.cursor() as cursor, cursor.copy("COPY landing FROM STDIN") as copy:
                for n in range(500):
                    copy.write_row((n, "c" * n))
            with connection.cursor() as cursor, cursor.copy("COPY (SELECT * FROM landing ORDER BY id) TO STDOUT") as copy:
                seen["copied_out"] = sum(len(data) for data in copy)
            connection.execute("TRUNCATE landing")
        for n in range(8):
            connection.execute("SELECT name FROM item WHERE id = %s", [n % 3], prepare=True)
        connection.execute("SELECT warn('psycopg')")
        seen["notices"] = notices
        heard = []
        connection.add_notify_handler(lambda notification: heard.append(notification.payload))
        connection.execute("LISTEN jobs")
        connection.execute("NOTIFY jobs, 'from the driver'")
        seen["notifications"] = heard
    print(json.dumps(seen, sort_keys=True, indent=1))


main()
