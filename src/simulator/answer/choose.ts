import type { Json } from "../../core/json.ts";
import { severityOf, severityRank } from "./severity.ts";
import { countWord, nameWords } from "./words.ts";

/** Words that speak for a value of an enum, by a word of the value's name. */
const related: Readonly<Record<string, string>> = {
  positive: "thank,great,love,excellent,happy,good,perfect,recommend,satisfied,wonderful",
  negative:
    "bad,terrible,angry,disappoint,broken,fail,worst,awful,unacceptable,refund,error,outage,down,late,lost,complaint,not arrived,nobody,money back,waiting",
  neutral: "question,information,please,request",
  billing: "invoice,charge,payment,card,price,subscription,paid,overcharged,double",
  payment: "invoice,charge,paid,card,bank",
  refund: "money back,want my money,return,reimburse,cancel",
  bug: "error,crash,broken,fail,exception,stack trace,wrong,stopped working",
  incident: "outage,down,error,fail,alert",
  feature: "would like,wish,add,could you,support for,suggest,idea,nice to have",
  question: "how,what,when,where,can i,could you,wonder,is it possible",
  shipping: "parcel,package,delivery,deliver,tracking,late,arrive,courier,shipment,address",
  delivery: "parcel,package,tracking,late,arrive,courier,shipment",
  order: "ordered,item,basket,quantity,chair,table,box",
  account: "password,log in,login,sign in,locked,username,profile,email address",
  technical: "error,crash,app,install,update,browser,screen,server,bug,login",
  complaint: "angry,disappoint,unacceptable,terrible,rude,never again,damage,broken,wrong",
  spam: "winner,lottery,click here,prize,free money,casino",
  security: "breach,leak,phishing,attack,unauthorised,unauthorized,vulnerability,stolen,suspicious",
  network: "dns,connection,timeout,latency,packet,unreachable,refused,socket",
  database: "db,postgres,mysql,query,deadlock,replication,sql,pool,connection",
  hardware: "disk,fan,power,memory,cpu,battery",
  sales: "quote,offer,buy,price,discount,demo,purchase",
  support: "help,problem,issue,broken,how do",
  legal: "contract,lawyer,court,liability,gdpr,clause",
  approve: "ok,good,complete,ready,confirmed,valid,correct,within",
  accept: "ok,good,complete,ready,confirmed,valid,correct,within",
  yes: "ok,good,confirmed,correct,agreed,approved",
  reject: "missing,invalid,wrong,violation,incomplete,fraud,exceeds,expired",
  no: "missing,invalid,wrong,violation,incomplete,never,refuse",
  escalate: "lawyer,legal,urgent,manager,press,safety,injury,third time",
  resolved: "recovered,fixed,restored,closed,back to normal,healthy",
  open: "investigating,ongoing,still,unresolved,pending",
};
const otherwise = /^(?:other|unknown|misc|miscellaneous|general|none|neutral|unsure|unclear|n\/?a)$/i;

/**
 * Picks the value of an enum for which a text speaks most: on a scale of severity the nearest one, else the one whose name and related
 * words occur most. Nothing speaks for any: `other` or the like if there is one, else the first. @param values not empty.
 */
export function chooseValue(values: readonly Json[], text: string): Json {
  const names = values.filter((value): value is string => typeof value === "string");
  const ranked = names.flatMap((name) => {
    const rank = severityRank(name);
    return rank === undefined ? [] : [{ name, rank }];
  });
  if (ranked.length >= 2 && ranked.length * 2 >= names.length) {
    const level = severityOf(text);
    const [nearest] = ranked.sort((a, b) => Math.abs(a.rank - level) - Math.abs(b.rank - level) || b.rank - a.rank);
    if (nearest) return nearest.name;
  }
  let best: { readonly value: Json; readonly score: number } | undefined;
  for (const value of values) {
    const score = speaksFor(value, text);
    if (score > (best?.score ?? 0)) best = { value, score };
  }
  return best?.value ?? names.find((name) => otherwise.test(name)) ?? values[0] ?? null;
}

/** The value that means a given one: itself, or the nearest on a scale of severity. */
export function nearestValue(values: readonly Json[], wanted: string): Json {
  const same = values.find((value) => String(value).toLowerCase() === wanted.toLowerCase());
  if (same !== undefined) return same;
  const level = severityRank(wanted) ?? 0;
  const distance = (value: Json) => Math.abs((severityRank(String(value)) ?? Number.POSITIVE_INFINITY) - level);
  return [...values].sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

function speaksFor(value: Json, text: string): number {
  if (typeof value !== "string" && typeof value !== "number") return 0;
  const name = String(value);
  const words = nameWords(name);
  const named = 3 * countWord(text, name) + words.filter((word) => word.length > 3 && countWord(text, word) > 0).length;
  const hints = words.flatMap((word) => (related[word] ?? related[word.replace(/s$/, "")] ?? "").split(","));
  return named + hints.reduce((sum, hint) => sum + (hint === "" ? 0 : Math.min(2, countWord(text, hint))), 0);
}
