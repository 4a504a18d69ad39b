/** The WebAssembly module in the package, without the wrapper around it, which keeps one instance for good. */
declare module "libpg-query/wasm/libpg-query.js" {
  export interface PgQueryModule {
    _malloc(size: number): number;
    _free(pointer: number): void;
    _wasm_parse_query_raw(query: number): number;
    _wasm_free_parse_result(result: number): void;
    _wasm_scan(query: number): number;
    _wasm_free_string(pointer: number): void;
    getValue(pointer: number, type: "i32"): number;
    /** The memory. Another one after each call that made it grow. */
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
  }
  interface Options {
    instantiateWasm(imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void): void;
  }
  export default function instantiate(options: Options): Promise<PgQueryModule>;
}
