import { latency } from "./latency.ts";
console.log(await latency({rounds:1,scale:2,folder:"/tmp/exp/lat"+process.pid,binary:process.argv[2] ?? ""}));
process.exit(0);
