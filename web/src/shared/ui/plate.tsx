import type { ReactNode } from "react";
import { Art } from "./art";

/** A whole area that has nothing to show yet: what it is for and the one thing to do. */
export function Plate({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children?: ReactNode;
}) {
  return (
    <div className="plate">
      <Art />
      <h2>{title}</h2>
      {text ? <p>{text}</p> : null}
      {children}
    </div>
  );
}
