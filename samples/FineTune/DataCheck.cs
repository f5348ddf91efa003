using FineTune.Settings;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Training;

namespace FineTune;

/// <summary>Looks at every training row before time is spent: pictures that open, labels inside them that earn what they can, prompts within the limit.</summary>
internal static class DataCheck
{
    /// <summary>What is wrong with each file; nothing is thrown.</summary>
    public static IReadOnlyDictionary<SourceSettings, DatasetReport> Look(Workshop workshop, Rows rows, Recipe recipe, CancellationToken cancel)
    {
        var check = new DatasetCheck(new DemonstrationInjector(workshop.Encoder), workshop.Rewards, workshop.Encoder.SizeOf)
        { Encoder = workshop.Encoder, MaxPromptTokens = recipe.Options.MaxPromptTokens, MaxLabelTokens = recipe.Options.MaxLabelTokens };
        return workshop.Settings.Data.Train.ToDictionary(source => source, source => check.Report(rows.Open(source), workshop.Encoder.InModelFrame, cancel) with { SkipAdvice = "\"data\": { \"badRows\": \"skip\" }" });
    }

    /// <summary>Shows it.</summary>
    /// <exception cref="InvalidDataException">There are bad rows and the settings say to stop.</exception>
    public static void Show(Workshop workshop, CancellationToken cancel)
    {
        using var rows = new Rows(workshop.Settings, workshop.Encoder);
        foreach (var report in Look(workshop, rows, Method.Of(workshop.Settings, workshop.Rewards), cancel).Values)
        {
            report.Ensure(workshop.Settings.Data.SkipBadRows ? BadRowPolicy.Skip : BadRowPolicy.Stop); // Its message is the description.
            Console.WriteLine(report.Describe());
        }
    }
}
