import { openTestStore } from '../support/sqlite-harness.ts';
import { storeContract } from './store-contract.ts';

storeContract('sqlite', openTestStore);
