import { PolicyPack } from "@pulumi/policy";
import { policies } from "./pack";

new PolicyPack("kafka-migration", { policies: policies() });
