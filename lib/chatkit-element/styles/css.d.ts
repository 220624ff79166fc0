// scripts/build-element.ts turns style sheets into text.
declare module '#lib/chatkit-element/styles/*.css' {
  const text: string
  export default text
}

declare module 'temml/dist/*.css' {
  const text: string
  export default text
}
