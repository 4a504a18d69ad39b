// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expansions of the shell.
import fc from "fast-check";

const { constantFrom, oneof, array, tuple, constant } = fc;

/** What single quotes can hold; much of it is special elsewhere. */
const RAW = [...'ab$`"\\;&|<>(){}[]*?!#~= \n\t%^,-'];
const PROGRAMS = ["p", "q", "s", "no", "out", "danger", "d''anger", "'p'", '"q"', "\\s", "dang\\er"];
const NOISE = [
  ..."'\"\\$`(){};&|<>\n #!~=*?[]%^-",
  ..."$( $(( )) ${ <( >( << <<< && || ;; &> >& 2> |& $' \\\n {} [[ ]] != EOF".split(" "),
  " if ",
  " then ",
  " do ",
  " done ",
  " in ",
  " danger ",
  "; danger",
  "\nEOF\n",
];

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

interface Grammar {
  list: string;
  command: string;
  simple: string;
  word: string;
}

const { list } = fc.letrec<Grammar>((tie: fc.LetrecTypedTie<Grammar>): fc.LetrecValue<Grammar> => {
  const raw = array(constantFrom(...RAW), { maxLength: 5 }).map((characters) => characters.join(""));
  const inner = oneof(
    {
      weight: 5,
      arbitrary: constantFrom(
        "a",
        " b",
        "'",
        "$x",
        "${x}",
        '\\"',
        "\\\\",
        "\\a",
        "\\$",
        "$",
        "#",
        "!",
        "~",
        "*",
        "{a,b}",
        "\n",
      ),
    },
    { weight: 1, arbitrary: tie("list").map((text) => `$(${text})`) },
    { weight: 1, arbitrary: tie("simple").map((text) => `\`${text.replace(/["\\]/g, "")}\``) },
  );
  const piece = oneof(
    {
      weight: 8,
      arbitrary: constantFrom(
        "a",
        "b1",
        "-x",
        "--y=z",
        "/",
        "a.b",
        "x=1",
        "%",
        "^",
        ",",
        ":",
        "@",
        "+",
        "]",
        "é",
      ),
    },
    { weight: 3, arbitrary: raw.map((text) => `'${text}'`) },
    { weight: 3, arbitrary: array(inner, { maxLength: 4 }).map((parts) => `"${parts.join("")}"`) },
    {
      weight: 2,
      arbitrary: constantFrom(...RAW.filter((character) => character !== "\n")).map(
        (character) => `\\${character}`,
      ),
    },
    {
      weight: 2,
      arbitrary: constantFrom(
        "$x",
        "${x}",
        "$1",
        "$#",
        "$?",
        "${x:-a}",
        "${#x}",
        "${x%a}",
        '"$@"',
        "$((1+2))",
        "$$",
      ),
    },
    {
      weight: 2,
      arbitrary: constantFrom(
        "~",
        "*",
        "?",
        "[ab]",
        "{a,b}",
        "{}",
        "{1..2}",
        "!",
        "#",
        "=",
        "$",
        "{",
        "}",
        "$'a'",
        "$'\\n'",
        '$"a"',
      ),
    },
    { weight: 1, arbitrary: tie("list").map((text) => `$(${text})`) },
    { weight: 1, arbitrary: tie("simple").map((text) => `\`${text.replace(/["\\]/g, "")}\``) },
    { weight: 1, arbitrary: tie("list").map((text) => `<(${text})`) },
  );
  const name = constantFrom(...PROGRAMS);
  const redirection = oneof(
    {
      weight: 9,
      arbitrary: constantFrom(
        "2>&1",
        ">f",
        ">>f",
        "</dev/null",
        "2>/dev/null",
        ">|f",
        "<>f",
        "3>&-",
        "&>f",
        "&>>f",
        ">&2",
        "<<<a",
      ),
    },
    { weight: 2, arbitrary: tie("word").map((text) => `<<<${text}`) },
    { weight: 1, arbitrary: tie("word").map((text) => `>${text}`) },
  );
  const assignment = tuple(constantFrom("x", "y", "A1"), tie("word")).map(
    ([variable, text]) => `${variable}=${text}`,
  );
  const words = array(tie("word"), { maxLength: 3 });
  return {
    word: array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join("")),
    simple: tuple(
      array(assignment, { maxLength: 1 }),
      array(
        constantFrom(
          "",
          "",
          "",
          "env ",
          "nice ",
          "command ",
          "timeout 9 ",
          "time ",
          "exec ",
          "nohup ",
          "builtin ",
          "eval ",
          "xargs ",
        ),
        { maxLength: 1 },
      ),
      oneof({ weight: 30, arbitrary: name }, { weight: 1, arbitrary: tie("word") }),
      words,
      array(redirection, { maxLength: 1 }),
    ).map(([before, wrapper, program, after, redirections]) =>
      [...before, wrapper.join("") + program, ...after, ...redirections].join(" "),
    ),
    command: oneof(
      { weight: 8, arbitrary: tie("simple") },
      tie("list").map((text) => `(${text})`),
      tie("list").map((text) => `{ ${text}; }`),
      tie("list").map((text) => `! ${text}`),
      tuple(tie("list"), tie("list")).map(([test, then]) => `if ${test}; then ${then}; fi`),
      tuple(words, tie("list")).map(([items, body]) => `for x in ${items.join(" ")}; do ${body}; done`),
      tie("list").map((text) => `until p; do ${text}; done`),
      tuple(tie("word"), tie("list"), tie("list")).map(
        ([word, a, b]) => `case ${word} in a) ${a};; *) ${b};; esac`,
      ),
      tie("list").map((text) => `sh -c ${quoted(text)}`),
      tie("list").map((text) => `bash -ec ${quoted(text)} x y`),
      tie("list").map((text) => `eval ${quoted(text)}`),
      tie("list").map((text) => `trap ${quoted(text)} EXIT`),
      tie("list").map((text) => `f() { ${text}; }; f`),
      tuple(tie("word"), tie("list")).map(([word, text]) => `[ ${word} ] && ${text}`),
      tuple(tie("word"), tie("list")).map(([word, text]) => `[[ -n ${word} ]] || ${text}`),
      tuple(
        constantFrom("EOF", "'EOF'", "\\EOF"),
        constantFrom("cat", "sh", "cat -"),
        oneof(tie("list"), tie("word")),
      ).map(([delimiter, reader, body]) => `${reader} <<${delimiter}\n${body}\nEOF\n`),
      tie("list").map((text) => `find . -exec sh -c ${quoted(text)} \\;`),
    ),
    list: oneof(
      { depthSize: "small" },
      tie("simple"),
      tie("command"),
      tuple(
        tie("command"),
        constantFrom(";", "&", "&&", "||", "|", "\n", " ; ", " && ", " | "),
        tie("command"),
      ).map((parts) => parts.join("")),
    ),
  };
});

/** The same after a value of a variable, and with uses of it. */
const withValues = oneof(
  tuple(constantFrom("x=a", "y=b1", "x=/a.b", "y=-x", "x=q"), list).map(
    ([first, text]) => `${first}; ${text}; p $x "$y/a" b${"$"}{x}`,
  ),
  list.map((text) => `for y in a q; do ${text}; p "$y" a$y; done`),
);

/** A line by a grammar, with a few accidents. */
export const randomLine: fc.Arbitrary<string> = tuple(
  oneof({ weight: 3, arbitrary: list }, { weight: 1, arbitrary: withValues }),
  oneof(
    { weight: 6, arbitrary: constant([]) },
    {
      weight: 3,
      arbitrary: array(
        tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(2), constantFrom(...NOISE)),
        { maxLength: 2 },
      ),
    },
  ),
)
  .map(([line, accidents]) =>
    accidents.reduce((text, [where, cut, noise]) => {
      const at = Math.floor(where * text.length);
      return text.slice(0, at) + noise + text.slice(at + cut);
    }, line),
  )
  .filter((line) => line.length < 600);
