import { fieldError, ServiceError } from '../../../errors.ts';

/**
 * Every 400 names a field: the engine knows that its rule was broken, and the route by which field.
 * @throws ServiceError
 */
export async function naming<Value>(field: string, problem: string, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ServiceError && error.id === 'badRequest' && error.fields === undefined) {
      throw fieldError(field, problem);
    }
    throw error;
  }
}
