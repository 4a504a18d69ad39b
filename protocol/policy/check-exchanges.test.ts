import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPolicies } from "./check.ts";
import { nodeCedar } from "./node-cedar.ts";

const http = (condition: string) =>
  `permit(principal, action in Action::"http:request", resource) when { ${condition} };`;
const unreadable = (condition: string) =>
  `permit(principal, action == Action::"http:unreadable", resource) when { ${condition} };`;
const kubernetes = (condition: string) =>
  `permit(principal, action in Action::"kubernetes:request", resource) when { ${condition} };`;

const MISTAKES: [text: string, expected: RegExp][] = [
  [http('context.method == "get"'), /never "get" \| Methods are in upper case: "GET"\./],
  [http('context.path == "admin"'), /never "admin" \| A path begins with "\/"/],
  [http('context.path == "/a?b=c"'), /has no query/],
  [http('context.under.contains("/admin/")'), /Without a slash at the end/],
  [http('context.underAnyCase.contains("/Admin")'), /They are in lower case: "\/admin"\./],
  [http('context.parameters.contains("limit")'), /Write the name with the value/],
  [http('context.fields.containsAny(["role=admin", "role"])'), /never "role" \| Write the name/],
  [http('context.contentType == "Application/JSON"'), /A media type in lower case/],
  [http('context.contentType == "application/json; charset=utf-8"'), /without parameters/],
  [http('context.bodyForm == "jsn"'), /\| Did you mean "json"\?/],
  [http("context.bodyBytes > 5"), /unable to guarantee safety .*context has bodyBytes/],
  [unreadable('context.contentType == "png"'), /A media type in lower case/],
  [unreadable('context.fields.contains("a=b")'), /not found/],
  [kubernetes('context.verb == "GET"'), /context\.verb is never "GET"|Verbs are in lower case/],
  [kubernetes('context.verb == "List"'), /\| (?:Did you mean "list"|Verbs are in lower case)/],
  [kubernetes('context.resource == "Deployment"'), /Resources are in lower case: "deployment"\./],
  [kubernetes('context.namespace == "Prod"'), /Namespaces are in lower case/],
  [kubernetes('context.kinds.contains("deployments")'), /A kind with its group.*"apps\/Deployment"/],
  [kubernetes('context.labels.contains("app")'), /Write the name with the value/],
  [kubernetes('context.command == "ls  -l"'), /: "ls -l"\./],
  [kubernetes('context.bodyForm == "form"'), /context\.bodyForm is never "form"/],
  [kubernetes('context.rights.contains("priviledged")'), /\| Did you mean "privileged"\?/],
  [kubernetes("context.replicas > 5"), /unable to guarantee safety .*context has replicas/],
  [
    `permit(principal, action in [Action::"http:request", Action::"http:unreadable"], resource) when { context.complete };`,
    /Name the actions: action in Action::"http:request"\./,
  ],
  [
    `permit(principal, action in Action::"http:reads", resource);`,
    /unrecognized action .* \| Did you mean `Action::"http:read"`\?/,
  ],
  [
    `permit(principal, action == Action::"postgres:select", resource) when { resource.kind == "kubernets" };`,
    /Did you mean "kubernetes"\?/,
  ],
  [
    `@watched permit(principal, action in Action::"http:request", resource);`,
    /permits more than can be watched/,
  ],
];

for (const [text, expected] of MISTAKES) {
  test(`a mistake about requests is told with what to do: ${JSON.stringify(text).slice(0, 110)}`, () => {
    const problems = checkPolicies(nodeCedar(), text).map(({ message, hint }) => `${message} | ${hint}`);
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      `${expected} is not among\n${problems.join("\n")}`,
    );
  });
}
