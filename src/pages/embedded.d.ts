/** The files of `web/`, imported `with { type: "text" }`: the executable carries them as they are. */
declare module "#web/*" {
  const text: string;
  export default text;
}
