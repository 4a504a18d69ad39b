"""What asyncssh does with a host, as JSON: host key, login name, key file ("" for the method none), a folder, a port."""

import asyncio
import hashlib
import json
import os
import sys

import asyncssh

address, port, user, key_file, host_key, folder, open_port = sys.argv[1:]
big = bytes(range(256)) * 8192


def digest(data):
    return data.decode("latin1") if len(data) < 2000 else hashlib.sha256(data).hexdigest()


def ended(result):
    return [result.exit_status, result.exit_signal, digest(result.stdout), digest(result.stderr)]


async def main():
    told = {}
    known = asyncssh.import_known_hosts(f"[{address}]:{port} {host_key}\n")
    async with asyncssh.connect(
        address,
        int(port),
        username=user,
        client_keys=[key_file] if key_file else None,
        known_hosts=known,
        agent_path=None,
        config=None,
        keepalive_interval=1,
    ) as connection:

        async def run(line, **options):
            return ended(await connection.run(line, encoding=None, **options))

        told["exec"] = await run("echo out; echo err >&2; exit 42")
        told["binary"] = await run("cat", input=big)
        told["killed"] = await run("kill -USR1 $$")
        told["killed by a signal that RFC 4254 has no name for"] = await run("ulimit -c 0; kill -BUS $$")
        process = await connection.create_process("read line; echo $line")
        process.send_signal("FOO")
        process.send_signal("INFO@openssh.com")
        process.stdin.write("still here\n")
        told["signals that nobody knows"] = (await process.wait()).stdout
        told["terminal"] = await run(
            "stty -a; stty size; echo $TERM",
            term_type="vt220",
            term_size=(91, 31, 640, 480),
            term_modes={asyncssh.PTY_ONLCR: 0, asyncssh.PTY_ECHO: 0, asyncssh.PTY_VINTR: 11},
        )
        told["environment"] = await run('echo "$LC_X"', env={"LC_X": "é x"})
        told["statuses"] = [
            result.exit_status
            for result in await asyncio.gather(*(connection.run(f"exit {n}") for n in range(8)))
        ]
        process = await connection.create_process(
            "stty -echo; echo ready; while read line; do stty size; done", term_type="xterm", term_size=(80, 24)
        )
        await process.stdout.readline()
        seen = []
        for width, height in [(100, 30), (1000, 500), (5, 3)]:
            process.change_terminal_size(width, height)
            process.stdin.write("\n")
            seen.append((await process.stdout.readline()).strip())
        process.stdin.write("\x04")
        told["resized"] = [seen, (await process.wait()).exit_status]
        reader, writer = await connection.open_connection("127.0.0.1", int(open_port))
        told["forward"] = (await reader.readexactly(4)).decode()
        writer.close()

        async with connection.start_sftp_client() as sftp:
            await sftp.chdir(folder)
            await sftp.mkdir("made", asyncssh.SFTPAttrs(permissions=0o750))
            async with sftp.open("made/big", "wb") as file:
                await file.write(big)
            async with sftp.open("made/big", "rb") as file:
                told["sftp same"] = await file.read() == big
            async with sftp.open("made/log", "a") as file:
                await file.write("one\n")
            async with sftp.open("made/log", "a") as file:
                await file.write("two\n")
            await sftp.truncate("made/log", 5)
            await sftp.chmod("made/log", 0o640)
            await sftp.utime("made/log", (1_000_000_000, 1_100_000_000))
            found = await sftp.stat("made/log")
            told["sftp stat"] = [oct(found.permissions), found.size, found.atime, found.mtime]
            # Absolute names: releases differ in what they make of a relative one.
            await sftp.symlink(f"{folder}/made/big", f"{folder}/made/link")
            await sftp.link("made/big", "made/hard")
            told["sftp link"] = os.path.relpath(await sftp.readlink("made/link"), folder)
            await sftp.posix_rename("made/log", "made/renamed")
            told["sftp list"] = sorted(await sftp.listdir("made"))
            told["sftp glob"] = sorted(await sftp.glob("made/*r*"))
            told["sftp errors"] = []
            for attempt in [sftp.stat("nowhere"), sftp.rmdir("made"), sftp.mkdir("made"), sftp.remove("made/nowhere")]:
                try:
                    await attempt
                except asyncssh.SFTPError as error:
                    told["sftp errors"].append([error.code, error.reason])
            await sftp.unlink("made/link")
            local = os.path.join(folder, "local")
            await sftp.get("made", local, recurse=True, preserve=True)
            told["got"] = sorted(os.listdir(local))
            await sftp.put(local, "made/back", recurse=True, preserve=True)
            told["put"] = sorted(await sftp.listdir("made/back"))
            await sftp.rmtree("made")
        await asyncssh.scp(f"{folder}/local/big", (connection, f"{folder}/by-scp"), preserve=True)
        await asyncssh.scp((connection, f"{folder}/by-scp"), f"{folder}/by-scp-back")
        with open(f"{folder}/by-scp-back", "rb") as file:
            told["scp same"] = file.read() == big
    print(json.dumps({"version": asyncssh.__version__, "told": told}))


asyncio.run(main())
