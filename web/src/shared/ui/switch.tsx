interface Props {
  label: string;
  checked: boolean;
  className?: string;
  hint?: string;
  onChange: (checked: boolean) => void;
}

export function Switch({ label, checked, className = "", hint, onChange }: Props) {
  return (
    <label className={`switch ${className}`} title={hint}>
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
