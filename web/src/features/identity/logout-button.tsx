import { Icon } from "@/shared/ui/icons";
import { ProblemNote } from "@/shared/ui/problem";
import { t } from "./messages";
import { useLogout } from "./sign-in";

export function LogoutButton() {
  const logout = useLogout();
  return (
    <>
      {logout.isError ? <ProblemNote error={logout.error} /> : null}
      <button
        type="button"
        className="btn w-fit"
        disabled={logout.isPending}
        onClick={() => logout.mutate()}
      >
        <Icon name="out" />
        {t("settings.logout")}
      </button>
    </>
  );
}
