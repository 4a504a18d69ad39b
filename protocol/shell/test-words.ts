import type { TestExpression, Word } from "unbash";

/** The words between "[[" and "]]". */
export function testWords(expression: TestExpression): Word[] {
  switch (expression.type) {
    case "TestUnary":
      return [word(expression.operator), expression.operand];
    case "TestBinary":
      return [expression.left, word(expression.operator), expression.right];
    case "TestLogical":
      return expression.operands.flatMap(testWords);
    case "TestNot":
      return [...expression.negations.map(() => word("!")), ...testWords(expression.operand)];
    case "TestGroup":
      return testWords(expression.expression);
  }
}

function word(text: string): Word {
  return { type: "Word", text, value: text, pos: 0, end: 0 };
}
