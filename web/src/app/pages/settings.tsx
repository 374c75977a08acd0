import { LogoutButton } from "@/features/identity/logout-button";
import { SettingsPage as Settings } from "@/features/settings/settings-page";

export function SettingsPage() {
  return (
    <Settings>
      <LogoutButton />
    </Settings>
  );
}
