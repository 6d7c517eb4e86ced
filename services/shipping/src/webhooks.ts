import { identifier } from '@baton/contracts';
import { Pipeline, Refused } from '@baton/messaging';
import { Answers, CONFIG, openApi } from '@baton/service-kit';
import { Controller, Headers, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { ReportTracking, trackingBody } from './commands.js';
import type { ShippingConfig } from './config.js';
import { unknownTrackingNumber } from './reactions.js';
import { shipmentTrackedAs } from './store/shipment-pages.js';
import { problemWithSignature, type SignatureProblem } from './webhook-signature.js';

const remedies: Record<SignatureProblem, string> = {
  missing: 'Send x-carrier-signature and x-carrier-timestamp.',
  malformed: 'The signature is 64 hexadecimal digits, the timestamp seconds since 1970.',
  stale: 'The timestamp is more than 5 minutes from our clock; sign anew when you send again.',
  forged: 'The signature does not fit the body. It is HMAC-SHA256 over timestamp, a dot and the raw body.',
};

/** Where carriers report of parcels under way. The signature is the only credential. */
@ApiTags('webhooks')
@Controller('webhooks')
export class WebhooksApi {
  constructor(
    @Inject(Pipeline) private readonly pipeline: Pipeline,
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: Pick<ShippingConfig, 'SHIPPING_WEBHOOK_SECRET'>,
  ) {}

  @Post('carrier')
  @HttpCode(200)
  @ApiOperation({ summary: "A carrier's signed tracking report; sent again, it is answered alike and changes nothing" })
  @ApiHeader({ name: 'x-carrier-signature', description: 'Hexadecimal HMAC-SHA256 over timestamp, dot, raw body' })
  @ApiHeader({ name: 'x-carrier-timestamp', description: 'Seconds since 1970, at most 5 minutes from our clock' })
  @ApiHeader({ name: 'x-carrier-delivery', description: 'Id of the report; the same when it is sent again' })
  @ApiBody({ schema: openApi(trackingBody) })
  @Answers(200, 'Taken note of.', z.object({ received: z.literal(true) }))
  @ApiResponse({ status: 401, description: 'The signature does not hold; `type` says why.' })
  @ApiResponse({ status: 404, description: 'No parcel has this tracking number.' })
  async tracked(
    @Req() request: { readonly rawBody?: Buffer; readonly body: unknown },
    @Headers() headers: Readonly<Record<string, string | undefined>>,
  ): Promise<unknown> {
    const body = request.rawBody ?? Buffer.alloc(0);
    const signature = headers['x-carrier-signature'];
    const timestamp = headers['x-carrier-timestamp'];
    const problem = problemWithSignature(
      this.config.SHIPPING_WEBHOOK_SECRET,
      { signature, timestamp, body },
      Date.now(),
    );
    if (problem) throw new Refused(401, `webhook-signature-${problem}`, remedies[problem]);
    const report = trackingBody.parse(request.body);
    const delivery = z.object({ 'x-carrier-delivery': identifier }).parse(headers)['x-carrier-delivery'];
    const row = await shipmentTrackedAs(this.database, report.carrier, report.trackingNumber);
    if (!row) throw unknownTrackingNumber();
    const { orderId, shipment } = row;
    const reply = await this.pipeline.submit(
      ReportTracking,
      { orderId, shipment, ...report },
      { idempotencyKey: `webhook/${report.carrier}/${delivery}` },
    );
    return reply.body;
  }
}
