"""What paramiko does with a host, as JSON: host key, login name, key file ("" for the method none), a folder, a port."""

import base64
import hashlib
import io
import json
import os
import socket
import stat
import sys
import threading

import paramiko

address, port, user, key_file, host_key, folder, open_port = sys.argv[1:]
told = {}

transport = paramiko.Transport(socket.create_connection((address, int(port))))
transport.start_client(timeout=60)
kind, blob = host_key.split(" ")[:2]
told["host key"] = (
    transport.get_remote_server_key().get_name() == kind
    and transport.get_remote_server_key().asbytes() == base64.b64decode(blob)
)
if key_file:
    transport.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(key_file))
else:
    transport.auth_none(user)
transport.set_keepalive(1)


def run(line, data=b"", pty=False, before=lambda channel: None):
    channel = transport.open_session(timeout=60)
    if pty:
        channel.get_pty("vt220", width=91, height=31, width_pixels=640, height_pixels=480)
    before(channel)
    channel.exec_command(line)
    if data:
        writer = threading.Thread(target=lambda: (channel.sendall(data), channel.shutdown_write()))
        writer.start()
    elif not pty:
        channel.shutdown_write()
    errors = []
    reader = threading.Thread(target=lambda: errors.append(channel.makefile_stderr("rb").read()))
    reader.start()
    output = channel.makefile("rb").read()
    reader.join()
    if data:
        writer.join()
    return [channel.recv_exit_status(), digest(output), digest(errors[0])]


def digest(data):
    return data.decode("latin1") if len(data) < 2000 else hashlib.sha256(data).hexdigest()


big = bytes(range(256)) * 8192

told["exec"] = run("echo out; echo err >&2; exit 42")
told["binary"] = run("cat", big)
told["both outputs"] = run("seq 50000; seq 40000 >&2")
told["terminal"] = run("stty size; echo $TERM; test -t 0 && echo yes", pty=True)
told["environment"] = run('echo "$LC_X"', before=lambda channel: channel.set_environment_variable("LC_X", "é x"))
told["killed"] = run("kill -USR1 $$")

channels = []
for number in range(8):
    channel = transport.open_session(timeout=60)
    channel.exec_command(f"read line; echo $line {number}; exit {number}")
    channels.append(channel)
for channel in reversed(channels):
    channel.sendall(b"at once\n")
told["channels"] = [[c.makefile("rb").read().decode(), c.recv_exit_status()] for c in channels]

sizes = transport.open_session(timeout=60)
sizes.get_pty("xterm", 80, 24)
sizes.exec_command("stty -echo; echo ready; while read line; do stty size; done")
lines = sizes.makefile("r")
lines.readline()
seen = []
for width, height in [(100, 30), (1000, 500), (5, 3)]:
    sizes.resize_pty(width, height)
    sizes.sendall(b"\n")
    seen.append(lines.readline().strip())
sizes.sendall(b"\x04")
told["resized"] = [seen, sizes.recv_exit_status()]

forward = transport.open_channel("direct-tcpip", ("127.0.0.1", int(open_port)), ("127.0.0.1", 1))
told["forward"] = forward.recv(4).decode()
forward.close()
try:
    transport.open_session(timeout=60).invoke_subsystem("no-such-subsystem")
    told["subsystem"] = "taken"
except paramiko.SSHException as error:
    told["subsystem"] = str(error)

sftp = paramiko.SFTPClient.from_transport(transport)
sftp.chdir(folder)
sftp.mkdir("made", 0o750)
sftp.putfo(io.BytesIO(big), "made/big", confirm=True)
back = io.BytesIO()
sftp.getfo("made/big", back)
told["sftp same"] = back.getvalue() == big
with sftp.open("made/log", "a") as log:
    log.write("one\n")
with sftp.open("made/log", "a") as log:
    log.write("two\n")
with sftp.open("made/log", "r+") as log:
    log.seek(4)
    log.write("TWO")
    log.seek(0)
    told["sftp seek"] = log.read().decode()
    log.truncate(5)
sftp.chmod("made/log", 0o640)
sftp.utime("made/log", (1_000_000_000, 1_100_000_000))
found = sftp.stat("made/log")
told["sftp stat"] = [stat.filemode(found.st_mode), found.st_size, found.st_atime, found.st_mtime]
sftp.symlink("big", "made/link")
told["sftp link"] = [sftp.readlink("made/link"), stat.S_ISLNK(sftp.lstat("made/link").st_mode)]
sftp.posix_rename("made/log", "made/renamed")
told["sftp list"] = sorted(sftp.listdir("made"))
told["sftp real"] = os.path.relpath(sftp.normalize("made/../made/./link"), os.path.realpath(folder))
failures = {
    "open": lambda: sftp.open("nowhere"),
    "rmdir": lambda: sftp.rmdir("made"),
    "mkdir": lambda: sftp.mkdir("made"),
    "unlink": lambda: sftp.unlink("made/nowhere"),
}
told["sftp errors"] = {}
for name, attempt in failures.items():
    try:
        attempt()
    except OSError as error:
        told["sftp errors"][name] = [type(error).__name__, str(error).replace(folder, "")]
for name in ["big", "link", "renamed"]:
    sftp.unlink(f"made/{name}")
sftp.rmdir("made")
sftp.close()
transport.close()
print(json.dumps({"version": paramiko.__version__, "told": told}))
