export { applyThrottle, isOff, removeLeft, type ThrottleOptions } from "./apply";
export {
  changeOf,
  fetchBytesOf,
  LEAST_SHARE,
  LIMITING_QUOTA,
  limitOf,
  limitsOf,
  type QuotaChange,
  quotaOf,
  shareOf,
  type Shares,
  type ThrottledUser,
  type ThrottledUsers,
} from "./decide";
export { brokersOf, copyShares, type CopyShares, type SharesOptions } from "./share";
