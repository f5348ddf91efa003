using TorchSharp.Modules;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>
/// Says which parameters of a module train. A frozen one needs no gradient, and an optimizer made afterwards keeps no state for it; a part
/// that is frozen as a whole and has nothing trainable before it keeps no activations either.
/// </summary>
/// <remarks>Freeze before making the optimizer, which takes what is trainable then.</remarks>
public static class Freezing
{
    /// <summary>Freezes parameters; the rest stay as they are.</summary>
    /// <param name="module">A policy's module.</param>
    /// <param name="filter">Which, for instance <see cref="ParameterFilter.Vision"/>.</param>
    /// <returns>How many parameters (tensors) it means.</returns>
    /// <exception cref="ArgumentException">It means none; some names are listed.</exception>
    public static int Freeze(nn.Module module, ParameterFilter filter) => Set(module, filter, trainable: false);

    /// <summary>Makes parameters trainable; the rest stay as they are.</summary>
    /// <inheritdoc cref="Freeze"/>
    public static int Unfreeze(nn.Module module, ParameterFilter filter) => Set(module, filter, trainable: true);

    /// <summary>Makes parameters trainable and freezes the rest: <c>TrainOnly(module, ParameterFilter.Merger)</c>.</summary>
    /// <inheritdoc cref="Freeze"/>
    public static int TrainOnly(nn.Module module, ParameterFilter filter)
    {
        var count = Unfreeze(module, filter);
        foreach (var (_, parameter) in Named(module).Where(p => !Means(filter, p.Spellings))) parameter.requires_grad = false;
        return count;
    }

    private static int Set(nn.Module module, ParameterFilter filter, bool trainable)
    {
        Guard.NotNull(filter);
        var all = Named(module);
        var chosen = all.Where(p => Means(filter, p.Spellings)).ToArray();
        if (chosen.Length == 0)
            throw new ArgumentException(
                $"Expected parameters for {filter}, found none. Candidates: {string.Join(", ", all.Select(p => p.Spellings[0]).Take(5))}.", nameof(filter));
        foreach (var (_, parameter) in chosen) parameter.requires_grad = trainable;
        return chosen.Length;
    }

    private static bool Means(ParameterFilter filter, string[] spellings) => spellings.Any(filter.Contains);

    private static (string[] Spellings, Parameter Value)[] Named(nn.Module module)
    {
        var wrapped = ModulePath.IsWrapped(module);
        return [.. module.named_parameters().Select(p => (wrapped ? new[] { p.name, ModulePath.Wrapped(p.name) } : [p.name], p.parameter))];
    }
}
