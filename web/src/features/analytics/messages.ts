import { speak, t } from "@/shared/i18n";
import { messages } from "./en.po";

speak("en", messages);

export { t };
