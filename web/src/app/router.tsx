import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { resume } from "@/shared/api/session";
import { Broken, NotFound, Root } from "./root";
import { Shell } from "./shell";
import { SignedIn } from "./signed-in";

const text = (value: unknown) => (value === undefined ? undefined : String(value));
const next = (search: Record<string, unknown>): { next?: string | undefined } => ({
  next: text(search.next),
});

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

async function onlyGuests() {
  if (await resume()) throw redirect({ to: "/" });
}

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: next,
  beforeLoad: onlyGuests,
  component: lazyRouteComponent(() => import("@/features/identity/login-page"), "LoginPage"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: next,
  beforeLoad: onlyGuests,
  component: lazyRouteComponent(() => import("@/features/identity/register-page"), "RegisterPage"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "in",
  component: SignedIn,
  beforeLoad: async ({ location }) => {
    if (await resume()) return;
    const next = location.href === "/" ? undefined : location.href;
    throw redirect({ to: "/login", search: { next } });
  },
});

const shell = createRoute({ getParentRoute: () => signedIn, id: "shell", component: Shell });

const today = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/today"), "TodayPage"),
});

const courses = createRoute({
  getParentRoute: () => shell,
  path: "/courses",
  component: lazyRouteComponent(() => import("@/features/courses/courses-page"), "CoursesPage"),
});

const course = createRoute({
  getParentRoute: () => shell,
  path: "/courses/$courseId",
  component: lazyRouteComponent(() => import("./pages/course"), "CoursePage"),
});

const people = createRoute({
  getParentRoute: () => shell,
  path: "/teach/courses/$courseId/people",
  component: lazyRouteComponent(() => import("@/features/courses/people-page"), "PeoplePage"),
});

const activity = createRoute({
  getParentRoute: () => shell,
  path: "/teach/courses/$courseId/activity",
  component: lazyRouteComponent(() => import("./pages/activity"), "ActivityPage"),
});

const join = createRoute({
  getParentRoute: () => shell,
  path: "/join/$code",
  component: lazyRouteComponent(() => import("@/features/courses/join-page"), "JoinPage"),
});

const search = createRoute({
  getParentRoute: () => shell,
  path: "/search",
  validateSearch: (given: Record<string, unknown>): { q?: string; course?: string } => ({
    ...(given.q === undefined ? {} : { q: String(given.q) }),
    ...(given.course === undefined ? {} : { course: String(given.course) }),
  }),
  component: lazyRouteComponent(() => import("@/features/search/search-page"), "SearchPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings"), "SettingsPage"),
});

export interface ReadSearch {
  /** 1-based PDF page. */
  page?: number | undefined;
  /** Passage, and after `~` which of its quotes. */
  cite?: string | undefined;
  tab?: "search" | undefined;
}

const read = createRoute({
  getParentRoute: () => signedIn,
  path: "/books/$bookId/read",
  validateSearch: (given: Record<string, unknown>): ReadSearch => ({
    ...(Number(given.page) >= 1 ? { page: Math.floor(Number(given.page)) } : {}),
    ...(given.cite === undefined ? {} : { cite: String(given.cite) }),
    ...(given.tab === "search" ? { tab: given.tab } : {}),
  }),
  component: lazyRouteComponent(() => import("./pages/read"), "ReadPage"),
});

const tree = root.addChildren([
  login,
  register,
  signedIn.addChildren([
    shell.addChildren([today, courses, course, people, activity, join, search, settings]),
    read,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  // Going to another page starts at its top, going back finds the old place.
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }

  interface HistoryState {
    /** The words to highlight, when the link that led here knows them. */
    quote?: string;
  }
}
