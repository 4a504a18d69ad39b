import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { unavailable } from "../system-packages.ts";
import { run, type SshGateway, startSshGateway } from "./gateway.ts";

const skip = unavailable("ansible-core");

describe("Ansible", { skip, timeout: 300_000 }, () => {
  let gateway: SshGateway;

  before(async () => {
    gateway = await startSshGateway();
  });

  after(() => gateway.stop());

  for (const pipelining of ["False", "True"]) {
    test(`a play runs, and a second time changes nothing (pipelining: ${pipelining})`, async () => {
      const folder = join(gateway.sshd.home, pipelining);
      mkdirSync(folder);
      const far = join(folder, "far");
      writeFileSync(join(folder, "template.j2"), "of {{ inventory_hostname }}: {{ words }}\n");
      writeFileSync(join(folder, "play.yml"), play(far));
      writeFileSync(
        join(folder, "inventory"),
        `through ansible_python_interpreter=/usr/bin/python3 ansible_ssh_args="-F ${gateway.config}"\n`,
      );
      const env = {
        ...process.env,
        ANSIBLE_PIPELINING: pipelining,
        ANSIBLE_NOCOLOR: "1",
        ANSIBLE_LOCAL_TEMP: join(folder, "local"),
      };
      const args = ["-i", "inventory", "play.yml"];
      const first = await run("ansible-playbook", args, undefined, { cwd: folder, env });
      assert.equal(first.status, 0, first.stdout.toString() + first.stderr);
      assert.match(first.stdout.toString(), /changed=4 +unreachable=0 +failed=0/);
      assert.equal(readFileSync(join(far, "made"), "utf8"), "of through: Grüße\n");
      assert.equal(readFileSync(join(far, "big"), "utf8").length, 300_000);
      const second = await run("ansible-playbook", args, undefined, { cwd: folder, env });
      assert.match(second.stdout.toString(), /changed=0 +unreachable=0 +failed=0/);
    });
  }
});

function play(far: string): string {
  return `
- hosts: all
  gather_facts: false
  vars: { words: Grüße }
  tasks:
    - ping:
    - file: { path: "${far}", state: directory }
    - copy: { content: "{{ 'x' * 300000 }}", dest: "${far}/big" }
    - template: { src: template.j2, dest: "${far}/made" }
    - command: { cmd: "touch '${far}/a file'", creates: "${far}/a file" }
`;
}
