import { api } from "../api/client";
import { currentAccount } from "../api/session";
import { stored } from "../ui/stored";

type Kind = "page.read" | "section.read";

interface Told {
  account: string;
  course: string;
  event: { id: string; kind: Kind; occurred_at: string; material_id: string; place: number };
}

/** One request in so many milliseconds at most, for so many events. */
const pause = 10_000;
const most = 100;
const kept = 1_000;
/** Looked at for so long, a page counts as read. */
export const readMilliseconds = 2_000;

/** What was read and is not yet told: it outlives the page and the time without a network. */
const untold = stored<Told[]>("studium.untold", []);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells that a page of the book or a section of its notes was read, soon and surely. */
export function recordReading(course: string, material: string, kind: Kind, place: number) {
  const account = currentAccount()?.id;
  if (!account) return;
  const event = {
    id: crypto.randomUUID(),
    kind,
    occurred_at: new Date().toISOString(),
    material_id: material,
    place,
  };
  untold.set([...untold.get(), { account, course, event }].slice(-kept));
  tellLater();
}

/** Also for what an earlier visit left behind. */
export function tellLater() {
  if (timer !== undefined) return;
  timer = setTimeout(() => {
    timer = undefined;
    void tell();
  }, pause);
}

async function tell() {
  const account = currentAccount()?.id;
  const mine = untold.get().filter((told) => told.account === account);
  const course = mine[0]?.course;
  if (!course) return;
  const batch = mine.filter((told) => told.course === course).slice(0, most);
  const events = batch.map((told) => told.event);
  try {
    const { response } = await api.POST("/v1/events", { body: { course_id: course, events } });
    if (isDone(response.status)) {
      const ids = new Set(events.map((event) => event.id));
      untold.set(untold.get().filter((told) => !ids.has(told.event.id)));
    }
  } catch {
    // No network: it stays, and the next try sends the same ids, which count once.
  }
  if (untold.get().some((told) => told.account === account)) tellLater();
}

/** Taken, or never to be taken: the course is gone, or one is no longer in it. */
function isDone(status: number): boolean {
  return status < 300 || [403, 404, 422].includes(status);
}
