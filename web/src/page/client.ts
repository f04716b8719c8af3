/** The page's side of its worker: one job at a time, with progress and cancel. */

import { files, workerScript } from "./embedded.ts";
import type { JobName, Jobs, Reply, Request } from "./messages.ts";

/** What a cancelled job ends with. */
export class Cancelled extends Error {}
/** What a job ends with that cannot be done as asked: a line for people. */
export class Refused extends Error {}

interface Waiting {
  readonly resolve: (gives: never) => void;
  readonly reject: (error: Error) => void;
  readonly progress: (share: number) => void;
}

let worker: Worker | null = null;
let count = 0;
const waiting = new Map<number, Waiting>();

/** Has the worker do a job. */
export function ask<J extends JobName>(
  job: J,
  takes: Jobs[J]["takes"],
  progress: (share: number) => void = () => {},
): Promise<Jobs[J]["gives"]> {
  worker ??= start();
  const id = ++count;
  return new Promise<Jobs[J]["gives"]>((resolve, reject) => {
    waiting.set(id, { resolve, reject, progress });
    worker!.postMessage({ id, job, takes } as Request);
  });
}

/** Ends whatever goes on; the next job starts another worker. */
export function cancel(reason: Error = new Cancelled("cancelled")): void {
  worker?.terminate();
  worker = null;
  for (const { reject } of waiting.values()) reject(reason);
  waiting.clear();
}

function start(): Worker {
  const url = URL.createObjectURL(new Blob([workerScript()], { type: "text/javascript" }));
  const started = new Worker(url);
  URL.revokeObjectURL(url);
  started.onmessage = ({ data }: MessageEvent<Reply>) => receive(data);
  started.onerror = (event) => cancel(new Refused(event.message || "the worker could not start"));
  started.postMessage({ files } satisfies Request);
  return started;
}

function receive(reply: Reply): void {
  const job = waiting.get(reply.id);
  if (job === undefined) return;
  if ("progress" in reply) {
    job.progress(reply.progress);
    return;
  }
  waiting.delete(reply.id);
  if ("gives" in reply) {
    job.resolve(reply.gives as never);
  } else if (reply.known) {
    job.reject(new Refused(reply.error));
  } else {
    job.reject(new Refused(`this cannot be computed here (${reply.error}): try a smaller map`));
    cancel();
  }
}
