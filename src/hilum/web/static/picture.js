// Pictures that came as text, held as files of this tab's memory: a browser can put those aside, long texts it cannot.

export const Picture = {
  /** The address of a picture given as data URI; empty where there is none. */
  address(uri) {
    if (!uri) return "";
    const [, type, text] = /^data:([^;]+);base64,(.*)$/s.exec(uri);
    const content = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    return URL.createObjectURL(new Blob([content], { type }));
  },

  forget(address) {
    if (address) URL.revokeObjectURL(address);
  },
};
