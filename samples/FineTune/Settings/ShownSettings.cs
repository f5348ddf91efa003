using System.Globalization;

namespace FineTune.Settings;

/// <summary>The settings that a report shows. Paths as they were written: a report is sent around, and where a folder lies on this machine is nobody's business.</summary>
internal static class ShownSettings
{
    public static IEnumerable<KeyValuePair<string, string>> Of(FineTuneSettings settings)
    {
        yield return new("model", settings.ModelAsWritten);
        yield return new("method", settings.Method);
        yield return new("rewards", settings.Rewards);
        yield return new("rows", string.Join(", ", settings.Data.Train.Select(source => source.AsWritten)));
        yield return new("device", $"{settings.Device}, {settings.Type}");
        yield return new("LoRA", settings.Lora is { } lora ? string.Create(CultureInfo.InvariantCulture, $"rank {lora.Rank}, alpha {lora.Alpha}") : "none");
        yield return new("seed", settings.Seed.ToString(CultureInfo.InvariantCulture));
        foreach (var property in typeof(TrainingSettings).GetProperties())
            if (property.GetValue(settings.Training) is { } value)
                yield return new($"training.{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]}", string.Create(CultureInfo.InvariantCulture, $"{value}"));
    }
}
