import { stored } from "../ui/stored";

export interface Place {
  account: string;
  book: string;
  title: string;
  page: number;
  label: string;
  at: string;
}

const kept = 24;

/** Where each book was left, in this browser. */
export const places = stored<Place[]>("studium.places", []);

export function remember(place: Place) {
  const others = places.get().filter((p) => p.book !== place.book || p.account !== place.account);
  places.set([place, ...others].slice(0, kept));
}

export function placeOf(account: string, book: string): Place | undefined {
  return places.get().find((place) => place.account === account && place.book === book);
}

export function forgetPlace(account: string, book: string) {
  places.set(places.get().filter((p) => p.book !== book || p.account !== account));
}
