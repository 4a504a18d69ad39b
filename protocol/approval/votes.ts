import type { ApprovalRule, ApprovalSubject, ApprovalVote } from "./approval.ts";

/** Who speaks: a principal, perhaps on behalf of a user. */
export interface Speaker {
  by: string;
  onBehalfOf?: string | undefined;
}

/** Whether two speakers may be one person: they are, or act for, the same one. */
export function samePerson(one: Speaker, other: Speaker): boolean {
  return meets([one.by, one.onBehalfOf], [other.by, other.onBehalfOf]);
}

/** Whether an answer would be the asker's own, by whatever hand. */
export function isAsker(subject: ApprovalSubject, speaker: Speaker): boolean {
  return meets([subject.principal, subject.onBehalfOf], [speaker.by, speaker.onBehalfOf]);
}

/**
 * Of each rule the votes that count for it: of those that speak for it, in order, each that can't be the same
 * person as one before. Never more than there are people; one more vote never makes it fewer.
 */
export function counted(rules: ApprovalRule["approvals"], votes: readonly ApprovalVote[]): ApprovalVote[][] {
  return rules.map((_, rule) => {
    const people: ApprovalVote[] = [];
    for (const vote of votes) {
      if (vote.for.includes(rule) && !people.some((person) => samePerson(person, vote))) people.push(vote);
    }
    return people;
  });
}

/** How many agreements there are of how many that are needed, over all rules; what exceeds a quorum adds nothing. */
export function progress(
  rules: ApprovalRule["approvals"],
  votes: readonly ApprovalVote[],
): { votes: number; needed: number } {
  const people = counted(rules, votes);
  return {
    votes: rules.reduce((sum, { quorum }, rule) => sum + Math.min(quorum, people[rule]!.length), 0),
    needed: rules.reduce((sum, { quorum }) => sum + quorum, 0),
  };
}

/** Whether every rule has its quorum. Without any rule nobody was ever asked: then never. */
export function isMet(rules: ApprovalRule["approvals"], votes: readonly ApprovalVote[]): boolean {
  const people = counted(rules, votes);
  return rules.length > 0 && rules.every(({ quorum }, rule) => quorum > 0 && people[rule]!.length >= quorum);
}

/** The names of those whose votes count, each once. */
export function voters(rules: ApprovalRule["approvals"], votes: readonly ApprovalVote[]): string[] {
  return [...new Set(counted(rules, votes).flatMap((people) => people.map(({ by }) => by)))];
}

function meets(some: (string | undefined)[], others: (string | undefined)[]): boolean {
  return some.some((name) => name !== undefined && others.includes(name));
}
