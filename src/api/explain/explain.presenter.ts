import { type Explanation, type Group, type Remedy } from '../../explain/index.js';

/** What a person can do: the request as it is sent. */
const presentRemedy = ({ what, who, method, path, body, command }: Remedy) => ({
  what,
  who,
  method,
  path,
  body,
  command,
});

const presentGroup = (group: Group) => ({
  sentence: group.sentence,
  standing: group.standing,
  cause: group.cause,
  source: group.source,
  destination: group.destination,
  activity: group.activity,
  files: group.files,
  bytes: group.bytes,
  oldest: group.oldest,
  next_try: group.nextTry,
  attempts: group.attempts,
  error: group.error,
  examples: group.examples,
  next: group.next,
  can: group.can,
  remedies: group.remedies.map(presentRemedy),
});

/** An explanation: sentences for people, the same as values for programs. */
export const presentExplanation = (explanation: Explanation) => ({
  kind: explanation.kind,
  subject: explanation.subject,
  state: explanation.state,
  summary: explanation.summary,
  lines: explanation.lines,
  groups: explanation.groups.map(presentGroup),
  more_groups: explanation.moreGroups,
  next: explanation.next,
  remedies: explanation.remedies.map(presentRemedy),
  facts: explanation.facts,
});
