// Carries out what it is told, one JSON object a line on standard input, and answers with one JSON line each.
//
// {"operation": "DescribeDataset", "input": {…}} sends the command; with "pageSize" the operation's own
// paginator is followed, and the answer is the list of its pages. Blobs are given as text.
import { createInterface } from "node:readline";
import * as sdk from "@aws-sdk/client-rekognition";

const client = new sdk.RekognitionClient({ maxAttempts: 1 });

async function send({ operation, input, pageSize }) {
  if (input.Changes) {
    input.Changes.GroundTruth = new TextEncoder().encode(input.Changes.GroundTruth);
  }
  if (!pageSize) {
    return without(await client.send(new sdk[`${operation}Command`](input)));
  }
  const pages = [];
  for await (const page of sdk[`paginate${operation}`]({ client, pageSize }, input)) {
    pages.push(without(page));
  }
  return pages;
}

function without({ $metadata, ...members }) {
  if ($metadata.httpStatusCode !== 200 || !$metadata.requestId) {
    throw new Error(`The answer has no request id: ${JSON.stringify($metadata)}`);
  }
  return members;
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = {};
  try {
    answer.output = await send(JSON.parse(line));
  } catch (error) {
    Object.assign(answer, { code: error.name, message: error.message });
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
client.destroy();
