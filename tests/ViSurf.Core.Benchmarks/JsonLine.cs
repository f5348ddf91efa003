using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ViSurf.Core.Benchmarks;

/// <summary>The last line of a command: its numbers for other programs, as one line of JSON.</summary>
internal static class JsonLine
{
    private static readonly JsonSerializerOptions Options = new() { Converters = { new Digits() }, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Print(object values) => Console.WriteLine(Text(values));

    public static string Text(object values) => JsonSerializer.Serialize(values, Options);

    /// <summary>Six digits: a clock has no more. What is not a number is null, which JSON can say.</summary>
    private sealed class Digits : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteRawValue(value.ToString("G6", CultureInfo.InvariantCulture));
            else writer.WriteNullValue();
        }
    }
}
