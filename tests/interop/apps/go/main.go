// SPDX-License-Identifier: Apache-2.0

// A shipping service as people write it: log/slog with a handler that reads the span context.
//
// usage: app json|text SERVICE
package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// spanHandler adds the ids of the span in the context, as slog recipes do.
type spanHandler struct{ slog.Handler }

func (h spanHandler) Handle(ctx context.Context, record slog.Record) error {
	if sc := oteltrace.SpanContextFromContext(ctx); sc.IsValid() {
		record.AddAttrs(
			slog.String("trace_id", sc.TraceID().String()),
			slog.String("span_id", sc.SpanID().String()),
			slog.String("trace_flags", sc.TraceFlags().String()))
	}
	return h.Handler.Handle(ctx, record)
}

func (h spanHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return spanHandler{h.Handler.WithAttrs(attrs)}
}

func handler(mode string) slog.Handler {
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: false}
	if mode == "text" {
		return slog.NewTextHandler(os.Stdout, options)
	}
	return slog.NewJSONHandler(os.Stdout, options)
}

func main() {
	mode, service := os.Args[1], os.Args[2]
	log := slog.New(spanHandler{handler(mode)}).With("service.name", service)
	provider := trace.NewTracerProvider(trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(0.75))))
	tracer := provider.Tracer("shop")

	log.Info("started", "port", 8081, "config", map[string]any{"retries": 3, "rate": 0.5})
	for n := range 12 {
		ctx, span := tracer.Start(context.Background(), "ship")
		log.InfoContext(ctx, "parcel labelled", "parcel", n, "weight", 1.25*float64(n),
			"serial", uint64(math.MaxUint64)-uint64(n), "min", int64(math.MinInt64), "to", "Zürich <8001> & more")
		log.Log(ctx, slog.LevelInfo+2, "handed over", "carrier", slog.GroupValue(
			slog.String("name", "post"), slog.Any("stops", []string{"a b", `c"d`}), slog.Duration("eta", time.Hour)))
		if n%6 == 5 {
			log.ErrorContext(ctx, "label printer", "error", errors.New("out of paper: tray=2 \"A4\""))
		}
		span.End()
		log.Debug("poll", "queue", n)
	}
	log.Warn("stopping", "empty", "", "nil", nil)
}
