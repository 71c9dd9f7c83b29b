// Run beside a library's packages: ask each turn, and write the spans that the library makes of them.
// node run.mjs LIBRARY INSTRUMENTATION ADDRESS FILE
import * as libraries from './libraries.mjs'

const [library, , address, file] = process.argv.slice(2)
await libraries[library](address, file)
