using ViSurf.Core.Models.Layers;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Adapters;

/// <summary>Which modules of a tree a configuration means, by PEFT's rules; everything that cannot be done is an error here, before anything changes.</summary>
/// <param name="Linear">Layers that get A and B.</param>
/// <param name="Saved">Layers with parameters inside <c>modules_to_save</c>.</param>
internal sealed record LoraTargets(IReadOnlyList<ModulePath> Linear, IReadOnlyList<ModulePath> Saved)
{
    private const string Head = "lm_head";

    public static LoraTargets Find(IReadOnlyList<ModulePath> modules, LoraConfig config)
    {
        if (modules.FirstOrDefault(m => LoraLayer.IsAttached(m.Module)) is { } taken)
            throw new InvalidOperationException($"Expected a policy without an adapter, got one on '{taken.Peft}'. Dispose that adapter first.");
        var saved = Saves(modules, config.ModulesToSave);
        var wanted = Targets(modules, config.TargetModules);
        var inside = saved.Select(m => m.Own).ToHashSet();
        var left = wanted.Where(m => !inside.Contains(m.Own) && config.ExcludeModules?.Contains(m.Spellings) != true).ToArray();
        if (left.Length == 0)
            throw new ArgumentException(
                $"Expected layers to adapt, got none: all {wanted.Length} that target_modules {config.TargetModules} means are in exclude_modules or modules_to_save.");
        if (left.FirstOrDefault(m => !LoraLayer.IsLinear(m.Module)) is { } other)
            throw new ArgumentException(
                other.Module is WeightOnly && ModuleSelection.Fits(other.Own, "embed_tokens")
                    ? $"Expected linear layers in target_modules {config.TargetModules}, got the embedding '{other.Peft}': "
                        + $"LoRA on embeddings (lora_embedding_A) is not supported. Exclude it, or put it into modules_to_save."
                    : $"Expected linear layers in target_modules {config.TargetModules}, got '{other.Peft}', which is none. "
                        + $"Name the layers inside it, exclude it, or put it into modules_to_save.");
        return new LoraTargets([.. left.OrderBy(m => m.Peft, StringComparer.Ordinal)], [.. saved.Where(m => HasParameters(m))]);
    }

    private static ModulePath[] Targets(IReadOnlyList<ModulePath> modules, ModuleSelection targets)
    {
        var linear = modules.Where(m => LoraLayer.IsLinear(m.Module)).ToArray();
        if (targets.IsAllLinear) return [.. linear.Where(m => !m.Spellings.Any(path => ModuleSelection.Fits(path, Head)))];
        // A name that means nothing is a typing error more often than a wish, so each must find something.
        foreach (var name in targets.Names ?? [])
            if (!modules.Any(m => m.Spellings.Any(path => ModuleSelection.Fits(path, name))))
                throw name == Head && Tied(modules) is not null ? OneMatrix("target_modules", name)
                    : NothingFound("target_modules", $"'{Excerpt.Of(name)}'", linear);
        var found = modules.Where(m => targets.Contains(m.Spellings)).ToArray();
        return found.Length > 0 ? found : throw NothingFound("target_modules", targets.ToString(), linear);
    }

    private static ModulePath[] Saves(IReadOnlyList<ModulePath> modules, IReadOnlyList<string> names)
    {
        var roots = new List<ModulePath>();
        foreach (var name in names)
        {
            // PEFT asks for the end of the path alone: "norm" also means "input_layernorm".
            var found = modules.Where(m => m.Spellings.Any(path => path.EndsWith(name, StringComparison.Ordinal))).ToArray();
            if (found.Length == 0 && name == Head && Tied(modules) is not null) throw OneMatrix("modules_to_save", name);
            if (found.Length == 0) throw NothingFound("modules_to_save", $"'{Excerpt.Of(name)}'", modules.Where(HasParameters));
            roots.AddRange(found);
        }
        var saved = modules.Where(m => roots.Any(root => m.Own == root.Own || m.Own.StartsWith(root.Own + ".", StringComparison.Ordinal))).ToArray();
        // PEFT unties: it would train the embedding and keep the old head. Here they are one tensor, and the file would mean another model.
        if (Tied(modules) is { } tied && saved.Contains(tied)) throw OneMatrix("modules_to_save", tied.Peft);
        return saved;
    }

    /// <summary>The embedding of a model whose head it is; null for any other module.</summary>
    internal static ModulePath? Tied(IReadOnlyList<ModulePath> modules)
        => modules.All(m => m.Own != Head)
            ? modules.FirstOrDefault(m => m.Module is WeightOnly && ModuleSelection.Fits(m.Own, "embed_tokens")) : null;

    private static ArgumentException OneMatrix(string option, string name) => new(
        $"Expected {option} without '{name}', since this model's head is its embedding (tie_word_embeddings) and PEFT separates them. "
        + "Leave it out, or load the policy with QwenVlOptions.OwnHead, which gives it a head of its own.");

    private static bool HasParameters(ModulePath path) => path.Module.named_parameters(false).Any();

    private static ArgumentException NothingFound(string option, string wanted, IEnumerable<ModulePath> candidates)
    {
        // Kinds of layers say more than the paths of the first few; the last one's path shows how paths look.
        var paths = candidates.Select(m => m.Peft).ToArray();
        var kinds = string.Join(", ", paths.Select(path => path.Split('.')[^1]).Distinct().Take(16));
        return new ArgumentException(
            $"Expected modules for {Excerpt.Of(wanted)} in {option}, found none. Candidates: {kinds}; in full, "
                + $"for instance '{paths.LastOrDefault()}'. Give full paths or their last parts.");
    }
}
