const tints = ["#1b5e4b", "#7a3b2e", "#35507a", "#6b5420", "#5a3d6b", "#2e6672"];

/** A small book whose colour stays the same for the same book. */
export function Spine({ of }: { of: string }) {
  const sum = [...of].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  const tint = tints[sum % tints.length] ?? "";
  return (
    <span
      className="spine"
      aria-hidden="true"
      ref={(element) => element?.style.setProperty("--tint", tint)}
    />
  );
}
