/**
 * One line of the edge's log, JSON, about what somebody must look at: `sallyport.alarm` says what it is. Facts are
 * names and numbers, never contents.
 */
export function alarmLine(alarm: string, facts: Record<string, string | number>): void {
  console.error(JSON.stringify({ "sallyport.alarm": alarm, ...facts }));
}
