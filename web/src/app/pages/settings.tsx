import { LogoutButton } from "@/features/identity/logout-button";
import { PasswordForm } from "@/features/identity/password-form";
import { SettingsPage as Settings } from "@/features/settings/settings-page";

export function SettingsPage() {
  return (
    <Settings>
      <PasswordForm />
      <LogoutButton />
    </Settings>
  );
}
